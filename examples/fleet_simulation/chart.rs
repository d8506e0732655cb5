//! The load on the service over time, a panel for each variant.

use std::error::Error;
use std::fmt;

use plotters::coord::Shift;
use plotters::prelude::{
    AreaSeries, ChartBuilder, DrawingArea, IntoDrawingArea as _, LineSeries, RGBColor, Rectangle, SVGBackend, Text,
    WHITE,
};
use plotters::style::{Color as _, IntoFont as _, TextStyle};

use crate::guide_page::thousands;
use crate::simulation::{END, OUTAGE, Outcome};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

const SIZE: (u32, u32) = (960, 2_016);
const HEADING: u32 = 64;
const COLUMNS: usize = 2;
const HIGHEST: u32 = 15_000;

const LOAD: RGBColor = RGBColor(0, 122, 94);
const CAPACITY: RGBColor = RGBColor(200, 110, 30);
const OUT: RGBColor = RGBColor(238, 238, 238);
const GRID: RGBColor = RGBColor(225, 225, 225);
const INK: RGBColor = RGBColor(50, 50, 50);

/// The picture as SVG.
pub(crate) fn draw(outcomes: &[Outcome]) -> Result<String, Box<dyn Error>> {
    let mut picture = String::new();
    {
        let area = SVGBackend::with_string(&mut picture, SIZE).into_drawing_area();
        area.fill(&WHITE).map_err(in_words)?;
        let (heading, panels) = area.split_vertically(HEADING);
        explain(&heading)?;
        // Side by side: with a fixed and with a progressive expiry.
        let rows = outcomes.len() / COLUMNS;
        for (number, panel) in panels.split_evenly((rows, COLUMNS)).iter().enumerate() {
            if let Some(outcome) = outcomes.get(number % COLUMNS * rows + number / COLUMNS) {
                draw_panel(panel, outcome)?;
            }
        }
        area.present().map_err(in_words)?;
    }
    Ok(picture)
}

fn explain(area: &Area<'_>) -> Result<(), String> {
    let text = |x, y, size, colour: RGBColor, text: &str| {
        let style = TextStyle::from(("sans-serif", size).into_font()).color(&colour);
        area.draw(&Text::new(text.to_owned(), (x, y), style)).map_err(in_words)
    };
    text(16, 12, 20, INK, "10,000 clients, and a service that comes back cold after an outage of one minute (grey)")?;
    text(16, 40, 15, LOAD, "calls that reach it per second")?;
    text(260, 40, 15, CAPACITY, "calls that it can serve; at twice as many it crashes")
}

fn draw_panel(area: &Area<'_>, outcome: &Outcome) -> Result<(), String> {
    let end = u32::try_from(END.as_secs()).unwrap_or(u32::MAX);
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .margin_right(20)
        .caption(caption(outcome), TextStyle::from(("sans-serif", 15).into_font()).color(&INK))
        .x_label_area_size(36)
        .y_label_area_size(62)
        .build_cartesian_2d(0..end, 0..HIGHEST)
        .map_err(in_words)?;
    let [from, to] = OUTAGE.map(|instant| u32::try_from(instant.as_secs()).unwrap_or(u32::MAX));
    let grey = Rectangle::new([(from, 0), (to, HIGHEST)], OUT.filled());
    chart.draw_series([grey]).map_err(in_words)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(WHITE.mix(0.0))
        .bold_line_style(GRID)
        .axis_style(GRID)
        .x_labels(8)
        .y_labels(4)
        .y_label_formatter(&|calls| thousands(*calls))
        .x_desc("seconds")
        .y_desc("calls per second")
        .label_style(TextStyle::from(("sans-serif", 12).into_font()).color(&INK))
        .axis_desc_style(TextStyle::from(("sans-serif", 12).into_font()).color(&INK))
        .draw()
        .map_err(in_words)?;
    let load = AreaSeries::new(points(&outcome.load), 0, LOAD.mix(0.25)).border_style(LOAD);
    chart.draw_series(load).map_err(in_words)?;
    chart.draw_series(LineSeries::new(points(&outcome.capacity), CAPACITY)).map_err(in_words)?;
    Ok(())
}

fn caption(outcome: &Outcome) -> String {
    let name = outcome.variant.name();
    match outcome.recovery {
        Some(time) => format!("{name}: recovered after {} s", time.as_secs()),
        None => format!("{name}: not recovered in 2 minutes"),
    }
}

/// Seconds and what was in them; nothing is higher than the panel.
fn points(values: &[u32]) -> impl Iterator<Item = (u32, u32)> + '_ {
    (0..).zip(values).map(|(second, value)| (second, *value.min(&HIGHEST)))
}

fn in_words(error: impl fmt::Display) -> String {
    error.to_string()
}
