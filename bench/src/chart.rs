//! The main cases as an SVG chart: a bar per subject and number of threads, on a logarithmic scale.

use std::error::Error;

use plotters::coord::Shift;
use plotters::prelude::{
    BLACK, DrawingArea, DrawingBackend, IntoDrawingArea as _, RGBColor, Rectangle, SVGBackend, Text, WHITE,
};
use plotters::style::{Color as _, IntoFont as _, TextStyle};

use crate::build::Build;
use crate::case::{ASYNC, CALLS_25, CONSECUTIVE, Group, OPEN, REALISTIC, Side, TIME};
use crate::results::{Line, Results};

const SHOWN: [&Group; 6] = [CONSECUTIVE, REALISTIC, CALLS_25, TIME, OPEN, ASYNC];

const WIDTH: i32 = 960;
const BARS_BEGIN: i32 = 170;
const BARS_WIDTH: f64 = 640.0;
const ROW: i32 = 28;
const HEADING: i32 = 34;
/// The ends of the scale, in nanoseconds.
const SHORTEST: f64 = 0.5;
const TIME_LIMIT: f64 = 100_000.0;

const OURS: [RGBColor; 2] = [RGBColor(0, 122, 94), RGBColor(96, 190, 162)];
const THEIRS: [RGBColor; 2] = [RGBColor(130, 130, 130), RGBColor(190, 190, 190)];

/// Draws the chart of a build into a file.
pub(crate) fn draw(results: &Results, build: Build, path: &str) -> Result<(), Box<dyn Error>> {
    let rows: i32 =
        SHOWN.iter().map(|group| HEADING + ROW * i32::try_from(results.of(group).count()).unwrap_or(0)).sum();
    let height = u32::try_from(rows + 2 * HEADING)?;
    let area = SVGBackend::new(path, (WIDTH.unsigned_abs(), height)).into_drawing_area();
    area.fill(&WHITE).map_err(|error| error.to_string())?;
    let mut canvas = Canvas { area: &area, build, y: 8 };
    canvas.text(
        8,
        15,
        &format!(
            "ns per call and thread, logarithmic: dark one thread, light two on the same breaker ({})",
            build.title()
        ),
    )?;
    canvas.y += HEADING;
    for group in SHOWN {
        canvas.text(8, 15, group.title)?;
        canvas.y += HEADING - 8;
        for line in results.of(group) {
            canvas.row(line)?;
        }
        canvas.y += 8;
    }
    area.present().map_err(|error| error.to_string())?;
    Ok(())
}

struct Canvas<'a, B: DrawingBackend> {
    area: &'a DrawingArea<B, Shift>,
    build: Build,
    y: i32,
}

impl<B: DrawingBackend> Canvas<'_, B> {
    fn row(&mut self, line: &Line) -> Result<(), String> {
        self.text(16, 13, line.case.subject)?;
        let colours = if line.case.side == Side::Ours { OURS } else { THEIRS };
        for ((threads, colour), offset) in [1, 2].into_iter().zip(colours).zip([0, 11]) {
            let Some(times) = line.times(self.build, threads) else { continue };
            let end = BARS_BEGIN + length(times.median);
            let corners = [(BARS_BEGIN, self.y + offset), (end, self.y + offset + 10)];
            self.area.draw(&Rectangle::new(corners, colour.filled())).map_err(|error| error.to_string())?;
            self.text_at(end + 5, self.y + offset - 1, 11, &format!("{:.1}", times.median))?;
        }
        self.y += ROW;
        Ok(())
    }

    fn text(&self, x: i32, size: i32, text: &str) -> Result<(), String> {
        self.text_at(x, self.y + 4, size, text)
    }

    fn text_at(&self, x: i32, y: i32, size: i32, text: &str) -> Result<(), String> {
        let style = TextStyle::from(("sans-serif", size).into_font()).color(&BLACK);
        self.area.draw(&Text::new(text.to_owned(), (x, y), style)).map_err(|error| error.to_string())
    }
}

#[allow(clippy::cast_possible_truncation)] // Clamped to the width of the bars.
fn length(nanoseconds: f64) -> i32 {
    let part = (nanoseconds / SHORTEST).ln() / (TIME_LIMIT / SHORTEST).ln();
    (part.clamp(0.002, 1.0) * BARS_WIDTH) as i32
}
