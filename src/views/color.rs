//! Colours that clients name.

use std::fmt;

/// A text that is no colour. Names the field, for the one who sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoColor(String);

impl fmt::Display for NoColor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "color: '{}' is no CSS colour name and no #hex value.", self.0)
    }
}

/// Whether a text is a colour as CSS knows it by name, in any case, or as `#` with 3, 4, 6 or 8 hex
/// digits. Nothing else passes, so that pages can put it into a style.
///
/// # Errors
/// It is neither.
pub fn check_color(text: &str) -> Result<(), NoColor> {
    let fine = match text.strip_prefix('#') {
        Some(hex) => {
            matches!(hex.len(), 3 | 4 | 6 | 8) && hex.bytes().all(|b| b.is_ascii_hexdigit())
        }
        None => NAMES.binary_search(&text.to_ascii_lowercase().as_str()).is_ok(),
    };
    if fine { Ok(()) } else { Err(NoColor(text.chars().take(40).collect())) }
}

/// The named colours of CSS Color 4, in order.
#[rustfmt::skip]
const NAMES: [&str; 149] = [
    "aliceblue", "antiquewhite", "aqua", "aquamarine", "azure", "beige", "bisque", "black",
    "blanchedalmond", "blue", "blueviolet", "brown", "burlywood", "cadetblue", "chartreuse",
    "chocolate", "coral", "cornflowerblue", "cornsilk", "crimson", "cyan", "darkblue", "darkcyan",
    "darkgoldenrod", "darkgray", "darkgreen", "darkgrey", "darkkhaki", "darkmagenta",
    "darkolivegreen", "darkorange", "darkorchid", "darkred", "darksalmon", "darkseagreen",
    "darkslateblue", "darkslategray", "darkslategrey", "darkturquoise", "darkviolet", "deeppink",
    "deepskyblue", "dimgray", "dimgrey", "dodgerblue", "firebrick", "floralwhite", "forestgreen",
    "fuchsia", "gainsboro", "ghostwhite", "gold", "goldenrod", "gray", "green", "greenyellow",
    "grey", "honeydew", "hotpink", "indianred", "indigo", "ivory", "khaki", "lavender",
    "lavenderblush", "lawngreen", "lemonchiffon", "lightblue", "lightcoral", "lightcyan",
    "lightgoldenrodyellow", "lightgray", "lightgreen", "lightgrey", "lightpink", "lightsalmon",
    "lightseagreen", "lightskyblue", "lightslategray", "lightslategrey", "lightsteelblue",
    "lightyellow", "lime", "limegreen", "linen", "magenta", "maroon", "mediumaquamarine",
    "mediumblue", "mediumorchid", "mediumpurple", "mediumseagreen", "mediumslateblue",
    "mediumspringgreen", "mediumturquoise", "mediumvioletred", "midnightblue", "mintcream",
    "mistyrose", "moccasin", "navajowhite", "navy", "oldlace", "olive", "olivedrab", "orange",
    "orangered", "orchid", "palegoldenrod", "palegreen", "paleturquoise", "palevioletred",
    "papayawhip", "peachpuff", "peru", "pink", "plum", "powderblue", "purple", "rebeccapurple",
    "red", "rosybrown", "royalblue", "saddlebrown", "salmon", "sandybrown", "seagreen", "seashell",
    "sienna", "silver", "skyblue", "slateblue", "slategray", "slategrey", "snow", "springgreen",
    "steelblue", "tan", "teal", "thistle", "tomato", "transparent", "turquoise", "violet", "wheat",
    "white", "whitesmoke", "yellow", "yellowgreen",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_in_order() {
        assert!(NAMES.is_sorted());
    }

    #[test]
    fn names_and_hex_values_pass() {
        for text in ["Orange", "yellow", "REBECCAPURPLE", "#fff", "#FFFA", "#00ff7f", "#00ff7f80"] {
            assert_eq!(check_color(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_by_name_of_the_field() {
        for text in ["", "#", "#ff", "#ggg", "orangey", "red;}", "url(x)", "#fffff", "rgb(0,0,0)"] {
            assert!(check_color(text).is_err(), "{text}");
        }
        let error = check_color("orangey").err().map(|error| error.to_string());
        let expected = "color: 'orangey' is no CSS colour name and no #hex value.";
        assert_eq!(error.as_deref(), Some(expected));
    }
}
