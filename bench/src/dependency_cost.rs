//! What it costs to depend on this library, and on each peer: packages, and time to compile them. A
//! crate with one small use of each is written and built.

use std::error::Error;
use std::fmt::Write as _;

use crate::scratch::Scratch;

/// Clean builds, of which the median is reported.
const BUILDS: usize = 3;

/// The folder of its crate, its dependencies, and its program.
type Dependency = (&'static str, String, &'static str);

/// Builds them all, which takes some minutes.
pub(crate) fn report() -> Result<String, Box<dyn Error>> {
    let mut text = format!(
        "A clean build of a crate with one small use; seconds that the processors worked, the median of {BUILDS} builds.\n\n\
         | dependency | packages | debug | release |\n|---|--:|--:|--:|\n"
    );
    for (name, dependencies, source) in dependencies()? {
        let scratch = Scratch::new(name, &format!("[dependencies]\n{dependencies}"), source)?;
        // What is missing is fetched first.
        let (_, packages) = scratch.compile_all(&[])?;
        let debug = median(&scratch, &["--offline"])?;
        let release = median(&scratch, &["--offline", "--release"])?;
        let shown = name.trim_start_matches("dependency-");
        writeln!(text, "| {shown} | {packages} | {debug:.1} s | {release:.1} s |")?;
    }
    Ok(text)
}

fn median(scratch: &Scratch, more: &[&str]) -> Result<f64, Box<dyn Error>> {
    let mut seconds = Vec::new();
    for _ in 0..BUILDS {
        seconds.push(scratch.compile_all(more)?.0);
    }
    seconds.sort_by(f64::total_cmp);
    Ok(seconds[BUILDS / 2])
}

fn dependencies() -> Result<Vec<Dependency>, Box<dyn Error>> {
    let library = Scratch::library(".")?;
    Ok(vec![
        ("dependency-nothing", String::new(), "fn main() { println!(\"{}\", std::hint::black_box(5)); }\n"),
        ("dependency-breaker-box", format!("breaker-box = {{ path = {library} }}\n"), BREAKER_BOX),
        ("dependency-failsafe", "failsafe = \"1.3\"\n".to_owned(), FAILSAFE),
        ("dependency-recloser", "recloser = \"1.4\"\n".to_owned(), RECLOSER),
        ("dependency-tower-resilience", TOWER_RESILIENCE_NEEDS.to_owned(), TOWER_RESILIENCE),
        ("dependency-seatbelt", SEATBELT_NEEDS.to_owned(), SEATBELT),
    ])
}

const BREAKER_BOX: &str = r#"
#[breaker_box::circuit_breaker(identifier = "payments")]
fn charge(cents: u64) -> Result<u64, breaker_box::CircuitOpenError> {
    Ok(std::hint::black_box(cents))
}

fn main() {
    println!("{}", charge(5).is_ok());
}
"#;

const FAILSAFE: &str = r#"
use failsafe::CircuitBreaker as _;

fn main() {
    let breaker = failsafe::Config::new().build();
    println!("{}", breaker.call(|| Ok::<u64, std::fmt::Error>(std::hint::black_box(5))).is_ok());
}
"#;

const RECLOSER: &str = r#"
fn main() {
    let breaker = recloser::Recloser::custom().build();
    println!("{}", breaker.call(|| Ok::<u64, std::fmt::Error>(std::hint::black_box(5))).is_ok());
}
"#;

/// Its services are called through tower's traits, in a runtime.
const TOWER_RESILIENCE_NEEDS: &str = r#"
tower-resilience-circuitbreaker = "0.14"
tokio = { version = "1", features = ["rt", "time"] }
tower = { version = "0.5", features = ["util"] }
"#;

const TOWER_RESILIENCE: &str = r#"
use tower::{Layer, ServiceExt};

fn main() {
    let layer = tower_resilience_circuitbreaker::CircuitBreakerLayer::builder().build().unwrap();
    let service = layer.layer(tower::service_fn(async |cents: u64| Ok::<u64, std::fmt::Error>(cents)));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    println!("{}", runtime.block_on(service.oneshot(5)).is_ok());
}
"#;

/// It has a clock and services of its own; tokio drives the clock.
const SEATBELT_NEEDS: &str = r#"
seatbelt = { version = "0.11", features = ["breaker"] }
layered = "0.3"
tick = { version = "0.8", features = ["tokio"] }
tokio = { version = "1", features = ["rt", "time"] }
"#;

const SEATBELT: &str = r#"
use layered::{Execute, Service, Stack};
use seatbelt::{RecoveryInfo, ResilienceContext, breaker::Breaker};

async fn charge(cents: u64) -> Result<u64, String> {
    Ok(cents)
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let answer = runtime.block_on(async {
        let context = ResilienceContext::new(tick::Clock::new_tokio());
        let layer = Breaker::layer("payments", &context)
            .recovery_with(|result: &Result<u64, String>, _| {
                if result.is_ok() { RecoveryInfo::never() } else { RecoveryInfo::retry() }
            })
            .rejected_input_error(|_, _| "rejected".to_owned());
        (layer, Execute::new(charge)).into_service().execute(5).await
    });
    println!("{}", answer.is_ok());
}
"#;
