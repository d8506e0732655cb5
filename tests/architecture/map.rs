//! The tables of ARCHITECTURE.md and docs/modules.md: which modules there are, and which is above
//! which.

use std::collections::BTreeMap;

use super::imports::Imports;

/// The table under one heading: the modules of a folder, the highest row first.
pub(crate) struct Map {
    /// Such as `breaker-core/src` or `breaker-core/src/circuit`.
    pub(crate) folder: String,
    rows: BTreeMap<String, usize>,
}

impl Map {
    /// All tables that stand under a heading such as ``### `breaker-core/src` ``. The first column
    /// of a row names its modules.
    pub(crate) fn read(text: &str) -> Vec<Self> {
        let mut maps: Vec<Self> = Vec::new();
        let mut inside = false;
        let mut row = 0;
        for line in text.lines() {
            if line.starts_with('#') {
                let folder = line.split('`').nth(1).filter(|folder| folder.contains("/src"));
                inside = folder.is_some();
                maps.extend(folder.map(|folder| Self { folder: folder.to_owned(), rows: BTreeMap::new() }));
            } else if let (true, Some(map), Some(cell)) = (inside, maps.last_mut(), first_cell(line)) {
                row += 1;
                map.rows.extend(cell.split('`').skip(1).step_by(2).map(|module| (module.to_owned(), row)));
            }
        }
        maps
    }

    /// The folder with the crate's sources.
    pub(crate) fn source_folder(&self) -> String {
        let end = self.folder.find("/src").map_or(self.folder.len(), |place| place + "/src".len());
        self.folder[..end].to_owned()
    }

    /// Where the table's modules are in the crate: `circuit/`.
    fn prefix(&self) -> String {
        match &self.folder[self.source_folder().len()..] {
            "" => String::new(),
            rest => format!("{}/", &rest[1..]),
        }
    }

    /// The module of this table that a file belongs to: the file `circuit/settle/counted` to
    /// `circuit`, or in the table of `circuit` to `settle`. The file of the folder itself,
    /// `circuit`, is named as it is.
    fn module<'a>(&self, file: &'a str) -> Option<&'a str> {
        let prefix = self.prefix();
        if let Some(own) = prefix.strip_suffix('/').filter(|own| *own == file) {
            return own.rsplit('/').next().map(|last| &file[file.len() - last.len()..]);
        }
        let inner = file.strip_prefix(prefix.as_str())?;
        inner.split('/').next().filter(|module| !matches!(*module, "lib" | "main"))
    }
}

/// The first cell of a row that names modules.
fn first_cell(line: &str) -> Option<&str> {
    line.strip_prefix("| ").filter(|rest| rest.starts_with('`'))?.split('|').next()
}

/// The imports that do not point to a lower row of the table, and the modules that are on one side
/// only.
pub(crate) fn wrong_imports(map: &Map, imports: &Imports) -> Vec<String> {
    let mut found = Vec::new();
    let modules: Vec<&str> = imports.keys().filter_map(|file| map.module(file)).collect();
    for module in &modules {
        if !map.rows.contains_key(*module)
            && !found.iter().any(|line: &String| line.starts_with(&format!("`{module}`")))
        {
            found.push(format!("`{module}` is missing"));
        }
    }
    for module in map.rows.keys().filter(|module| !modules.contains(&module.as_str())) {
        found.push(format!("`{module}` does not exist"));
    }
    for (from, targets) in imports {
        for to in targets {
            let (Some(above), Some(below)) = (map.module(from), map.module(to)) else { continue };
            let (Some(above_row), Some(below_row)) = (map.rows.get(above), map.rows.get(below)) else { continue };
            if above != below && above_row >= below_row {
                found.push(format!("{from} imports {to}, which is not below it"));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::imports::imports;
    use super::super::sources::made_up;
    use super::*;

    const TEXT: &str = "\
# A house
## The core
### `core/src`
| module | what |
|---|---|
| `roof` | above all |
| `hall`, `stairs` | beside each other |
| `cellar` | below |

### `core/src/hall`
| `door` | |
| `hall` | |

## Something else
| `not_a_module` | |
";

    const HOUSE: [(&str, &str); 6] = [
        ("lib", "mod roof; mod hall; mod stairs; mod cellar; pub use roof::Roof;"),
        ("roof", "use crate::hall::Hall; use crate::cellar::Cellar; pub struct Roof(Hall, Cellar);"),
        ("hall", "mod door; use crate::cellar::Cellar; pub struct Hall(Cellar);"),
        ("hall/door", "use super::Hall; pub struct Door(Hall);"),
        ("stairs", ""),
        ("cellar", "pub struct Cellar;"),
    ];

    fn wrong(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let imports = imports(&made_up(files));
        Map::read(TEXT).iter().map(|map| wrong_imports(map, &imports)).collect()
    }

    fn changed(name: &str, text: &'static str) -> Vec<(&'static str, &'static str)> {
        HOUSE.iter().map(|(file, before)| (*file, if *file == name { text } else { before })).collect()
    }

    #[test]
    fn a_house_as_drawn_is_right() {
        assert_eq!(wrong(&HOUSE), [Vec::<String>::new(), Vec::new()]);
    }

    #[test]
    fn an_import_that_points_up_is_found() {
        let files = changed("cellar", "use crate::roof::Roof; pub struct Cellar(Roof);");
        assert_eq!(wrong(&files)[0], ["cellar imports roof, which is not below it"]);
    }

    #[test]
    fn an_import_from_the_same_row_is_found() {
        let files = changed("stairs", "use crate::hall::door::Door; pub struct Stairs(Door);");
        assert_eq!(wrong(&files)[0], ["stairs imports hall/door, which is not below it"]);
    }

    #[test]
    fn what_is_handed_on_from_above_is_found_too() {
        let files = changed("cellar", "pub use crate::stairs::Stairs; pub struct Cellar;");
        assert_eq!(wrong(&files)[0], ["cellar imports stairs, which is not below it"]);
    }

    #[test]
    fn an_import_that_points_up_inside_a_folder_is_found() {
        let files = changed("hall", "mod door; use door::Door; pub struct Hall(Box<Door>);");
        assert_eq!(wrong(&files)[1], ["hall imports hall/door, which is not below it"]);
    }

    #[test]
    fn a_module_that_is_only_drawn_or_only_built_is_found() {
        let mut files = HOUSE.to_vec();
        files[4] = ("garage", "");
        assert_eq!(wrong(&files)[0], ["`garage` is missing", "`stairs` does not exist"]);
    }
}
