//! What a gRPC status means, as a response and as the error of a client.

use std::error::Error;
use std::io;
use std::time::Duration;

use breaker_box::http::{grpc_errors, grpc_outcome, grpc_status};
use breaker_box::{CallError, Outcome};
use http::{HeaderMap, StatusCode};

use crate::{SearchError, kind, open, response, response_with};

#[test]
fn every_grpc_status_means_what_the_table_says() {
    for code in 0..=20_u8 {
        let expected = match code {
            0 | 3 | 5..=7 | 9..=11 | 16 => "success",
            1 | 8 => "ignore",
            _ => "failure",
        };
        let response = response_with(200, "grpc-status", &code.to_string());
        assert_eq!(kind(&grpc_errors(&response)), expected, "{code}");
        assert_eq!(grpc_outcome(response.headers()).as_ref().map(kind), Some(expected), "{code}");
        assert_eq!(Some(grpc_status(code, &HeaderMap::new(), None)), grpc_outcome(response.headers()), "{code}");
    }
    for strange in ["", "ok", "-1", "300", "14 "] {
        assert_eq!(kind(&grpc_errors(&response_with(200, "grpc-status", strange))), "failure", "{strange:?}");
    }
}

#[test]
fn the_code_of_a_grpc_status_is_any_number() {
    let by_code = |code: i32| grpc_status(code, &HeaderMap::new(), None);
    assert_eq!(by_code(14), Outcome::failure_because("grpc-status 14 UNAVAILABLE"));
    assert_eq!(by_code(99), Outcome::failure_because("grpc-status 99"));
    assert_eq!(by_code(270), Outcome::failure_because("grpc-status 270"), "not 14");
    assert_eq!(by_code(-1), Outcome::failure_because("grpc-status -1"));
}

#[test]
fn pushback_in_the_metadata_of_a_grpc_status_opens_for_that_time() {
    let asking = response_with(200, "grpc-retry-pushback-ms", "1500");
    let Outcome::Trip { open_for, .. } = grpc_status(14, asking.headers(), None) else { panic!("it trips") };
    assert_eq!(open_for, Some(Duration::from_millis(1_500)));
    assert_eq!(kind(&grpc_status(5, asking.headers(), None)), "success");
    assert_eq!(kind(&grpc_status(14, response_with(200, "grpc-retry-pushback-ms", "-1").headers(), None)), "failure");
}

#[test]
fn a_grpc_status_with_a_source_is_a_failure_of_this_side() {
    let with = |code: i32, source: &(dyn Error + 'static)| grpc_status(code, &HeaderMap::new(), Some(source));
    let late = io::Error::other("no answer in time");
    assert_eq!(with(1, &late), Outcome::failure_because("grpc-status 1 CANCELLED: no answer in time"));
    let wrapped = CallError::Failed(SearchError::Unreachable);
    assert_eq!(with(14, &wrapped), Outcome::failure_because("grpc-status 14 UNAVAILABLE: unreachable"));
    assert_eq!(with(2, &open()), Outcome::Ignore);
    assert_eq!(with(14, &io::Error::from(open())), Outcome::Ignore);
}

#[test]
fn without_a_grpc_status_the_http_status_counts() {
    assert_eq!(grpc_outcome(response(200).headers()), None);
    assert_eq!(grpc_errors(&response(200)), Outcome::Success);
    // Its headers are not known.
    assert_eq!(grpc_errors(&StatusCode::OK), Outcome::Success);
    assert_eq!(grpc_errors(&response(404)), Outcome::Success);
    assert_eq!(grpc_errors(&response(502)), Outcome::failure_because("502 Bad Gateway"));
    assert_eq!(kind(&grpc_errors(&response_with(503, "retry-after", "9"))), "trip");
    assert_eq!(kind(&grpc_errors(&Err::<StatusCode, _>("connection refused"))), "failure");
}
