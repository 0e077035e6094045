//! Charts as SVG, drawn on the server: no script, and nothing that the site's content security policy would have to allow.

use std::error::Error;

use plotters::prelude::*;

pub(super) type DrawingError = Box<dyn Error + Send + Sync>;

/// A chart: markup that says by itself what it shows.
pub(super) struct Drawn {
    title: &'static str,
    svg: String,
}

impl Drawn {
    pub(super) const fn title(&self) -> &'static str {
        self.title
    }

    pub(super) fn svg(&self) -> &str {
        &self.svg
    }
}

const SIZE: (u32, u32) = (720, 300);
/// Told apart by those who see fewer colours, too (Okabe and Ito), on dark and on light.
const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(230, 159, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(213, 94, 0),
];

/// Bars by day, one series on top of the other.
pub(super) fn bars(
    id: &str,
    title: &'static str,
    days: &[String],
    series: &[(String, Vec<f64>)],
    most: Option<f64>,
) -> Result<Drawn, DrawingError> {
    let sum = |at: usize| series.iter().filter_map(|(_, values)| values.get(at)).sum::<f64>();
    let highest = (0..days.len()).map(sum).fold(1.0, f64::max);
    let top = most.unwrap_or(highest);
    // Room for the names of the series above the highest bar.
    let room = (20.0 * series.len() as f64 + 24.0) / f64::from(SIZE.1);
    let headed = top / (1.0 - room);
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let mut chart = ChartBuilder::on(&area)
            .margin(8)
            .x_label_area_size(28)
            .y_label_area_size(48)
            .build_cartesian_2d(-0.5..days.len() as f64 - 0.5, 0.0..headed)?;
        let text = ("sans-serif", 15).into_font().color(&BLACK);
        chart
            .configure_mesh()
            .disable_x_mesh()
            .x_labels(days.len())
            // Month and day: the year stands in the table.
            .x_label_formatter(&|at| {
                days.get(at.round() as usize).and_then(|day| day.get(5..)).unwrap_or_default().into()
            })
            .y_label_formatter(&|count| if *count > top { String::new() } else { format!("{count:.0}") })
            .light_line_style(TRANSPARENT)
            .label_style(text.clone())
            .draw()?;
        let mut bottoms = vec![0.0; days.len()];
        for ((name, values), colour) in series.iter().zip(COLOURS.into_iter().cycle()) {
            let bars = bottoms.iter_mut().zip(values).enumerate().map(|(at, (bottom, value))| {
                let (left, low) = (at as f64 - 0.35, *bottom);
                *bottom += value;
                Rectangle::new([(left, low), (left + 0.7, *bottom)], colour.filled())
            });
            let bars: Vec<_> = bars.collect();
            chart
                .draw_series(bars)?
                .label(name)
                .legend(move |(x, y)| Rectangle::new([(x, y - 6), (x + 12, y + 6)], colour.filled()));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .label_font(text)
            .background_style(WHITE.mix(0.85))
            .border_style(TRANSPARENT)
            .draw()?;
        area.present()?;
    }
    // What a screen reader says of it; the numbers stand in the table.
    let names = format!(r#"<svg role="img" aria-labelledby="{id}-chart" "#);
    let titled = format!(r#"<title id="{id}-chart">{title}; the numbers are in the table below</title>"#);
    let svg = svg.replacen("<svg ", &names, 1).replacen('>', &format!(">{titled}"), 1);
    Ok(Drawn { title, svg })
}
