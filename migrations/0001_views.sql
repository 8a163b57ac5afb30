-- How often each page was viewed. `page` is the route, not the address that was typed, so that
-- there are only as many rows as there are kinds of pages; hubs that count views have a row each.
CREATE TABLE views (
    page  TEXT   NOT NULL PRIMARY KEY,
    count BIGINT NOT NULL
);
