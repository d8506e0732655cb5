//! What a script returned, as an answer. Others may write to the store as well: whatever they put
//! there, at worst a record is skipped or the answer is `None`.

use redis::Value;

use super::line::{self, number};
use crate::protocol::{
    Answer, AnswerBody, Body, Epoch, Head, Lease, Name, PAGE, Record, Request, StoreTime, Sums, Verdict, Version,
};

/// The answer to a request; `None` if it is none.
pub(crate) fn answer(request: &Request, value: &Value) -> Option<Answer> {
    let [now, epoch, version, body] = array(value)? else { return None };
    let head =
        Head { now: StoreTime(integer(now)?), epoch: Epoch(integer(epoch)?), version: Version(integer(version)?) };
    Some(Answer { head, body: answer_body(&request.body, body)? })
}

fn answer_body(request: &Body, value: &Value) -> Option<AnswerBody> {
    Some(match request {
        Body::Read { .. } => {
            let [more, lines] = array(value)? else { return None };
            let records = array(lines)?.iter().take(PAGE).filter_map(|line| line::parse(text(line)?)).collect();
            AnswerBody::Records { records, more: integer(more)? > 0 }
        }
        Body::Beat { held, .. } => {
            let [instances, missing] = array(value)? else { return None };
            let missing = array(missing)?.iter().take(held.len()).filter_map(|name| line::name(text(name)?));
            AnswerBody::Alive { instances: u32::try_from(integer(instances)?).ok()?, missing: missing.collect() }
        }
        Body::Propose(proposals) => {
            AnswerBody::Proposed(each(value, proposals, |proposal, text| verdict(&proposal.name, text))?)
        }
        Body::Lease { name, .. } => AnswerBody::Lease(lease(name, text(value)?)?),
        Body::Report(report) => AnswerBody::Reported(verdict(&report.name, text(value)?)?),
        Body::Count(tallied) => AnswerBody::Counted(each(value, tallied, |_, text| sums(text))?),
        Body::Release { .. } | Body::Withdraw { .. } | Body::Active { .. } | Body::Leave { .. } => AnswerBody::Done,
    })
}

/// One for each of those that were asked for.
fn each<Q, A>(value: &Value, asked: &[Q], read: impl Fn(&Q, &str) -> Option<A>) -> Option<Vec<A>> {
    let values = array(value)?;
    let read = |(asked, value)| read(asked, text(value)?);
    (values.len() == asked.len()).then(|| asked.iter().zip(values).map(read).collect())?
}

fn verdict(name: &Name, text: &str) -> Option<Verdict> {
    let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
    Some(match kind {
        "a" => record(name, rest).map_or(Verdict::Foreign, Verdict::Applied),
        "n" => {
            let (votes, needed) = rest.split_once(' ')?;
            Verdict::Noted { votes: small(votes)?, needed: small(needed)? }
        }
        "c" if rest.is_empty() => Verdict::Conflict(None),
        "c" => record(name, rest).map_or(Verdict::Foreign, |record| Verdict::Conflict(Some(record))),
        "f" => Verdict::Foreign,
        _ => return None,
    })
}

fn lease(name: &Name, text: &str) -> Option<Lease> {
    let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
    Some(match kind {
        "g" => Lease::Granted(small(rest).filter(|slots| *slots > 0)?),
        "l" => Lease::Full(line::duration(rest)?),
        "e" => Lease::Early(line::duration(rest)?),
        "c" if rest.is_empty() => Lease::Conflict(None),
        "c" => record(name, rest).map_or(Lease::Foreign, |record| Lease::Conflict(Some(record))),
        "f" => Lease::Foreign,
        _ => return None,
    })
}

fn record(name: &Name, text: &str) -> Option<Record> {
    let (found, record) = line::parse(text)?;
    (found == *name).then_some(record)
}

fn sums(text: &str) -> Option<Sums> {
    let mut numbers = text.split(' ').map(number);
    let mut next = || numbers.next()?;
    let (calls, failures, slow) = (next()?, next()?, next()?);
    Some(Sums { calls, failures, slow, instances: u32::try_from(next()?).ok()? })
}

fn small(text: &str) -> Option<u32> {
    u32::try_from(number(text)?).ok()
}

fn array(value: &Value) -> Option<&[Value]> {
    if let Value::Array(values) = value { Some(values) } else { None }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::BulkString(bytes) => str::from_utf8(bytes).ok(),
        Value::SimpleString(text) => Some(text),
        _ => None,
    }
}

fn integer(value: &Value) -> Option<u64> {
    match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        _ => None,
    }
}
