use std::path::Path;

use plotters::prelude::*;

use crate::Outcome;
use crate::report::Report;

/// Draws GB/s by the number of logits, a line a loss, beside the rate of a copy: the roof.
pub fn draw(reports: &[Report], path: &Path) -> Outcome<()> {
    let height = 480 * reports.len().max(1) as u32;
    let root = SVGBackend::new(path, (900, height)).into_drawing_area();
    root.fill(&WHITE)?;
    for (report, area) in reports.iter().zip(root.split_evenly((reports.len().max(1), 1))) {
        let logits = report.times.iter().map(|time| time.logits as f64);
        let least = logits.clone().fold(f64::INFINITY, f64::min).min(1e5);
        let most = logits.fold(1e6, f64::max) * 1.3;
        let rates = report.times.iter().map(|time| time.gb_s);
        let top = rates.fold(report.copy_gb_s, f64::max) * 1.15;
        let title = format!("{} ({})", report.device, report.platform);
        let mut chart = ChartBuilder::on(&area)
            .caption(title, ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(60)
            .build_cartesian_2d((least..most).log_scale(), 0.0..top)?;
        chart.configure_mesh().x_desc("logits").y_desc("GB/s read and written").draw()?;
        let roof = [(least, report.copy_gb_s), (most, report.copy_gb_s)];
        chart
            .draw_series(LineSeries::new(roof, BLACK.stroke_width(2)))?
            .label("copy")
            .legend(|(x, y)| PathElement::new([(x, y), (x + 16, y)], BLACK));
        let mut names: Vec<&str> = report.times.iter().map(|time| time.what.as_str()).collect();
        names.dedup();
        for (i, name) in names.into_iter().enumerate() {
            let colour = Palette99::pick(i).to_rgba();
            let points = report.times.iter().filter(|time| time.what == name);
            let mut points: Vec<_> = points.map(|time| (time.logits as f64, time.gb_s)).collect();
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            chart
                .draw_series(LineSeries::new(points, colour.stroke_width(2)).point_size(3))?
                .label(name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour));
        }
        chart.configure_series_labels().background_style(WHITE.mix(0.8)).draw()?;
    }
    root.present()?;
    Ok(())
}
