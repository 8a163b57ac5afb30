// What programs say of themselves and of the code that is measured.
import { execFileSync } from "node:child_process";

/** What a program prints, if it is there. */
export function said(program, args, otherwise = "unknown") {
  try {
    return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return otherwise;
  }
}

/** The commit that is measured. Changes to `page`, which the figures go to, do not matter. */
export function commit(page) {
  const hash = said("git", ["rev-parse", "--short=12", "HEAD"]);
  const changed = said("git", ["status", "--porcelain", "--untracked-files=no", "--", `:!${page}`], "");
  return `commit ${hash}${changed === "" ? "" : " with changes"}`;
}
