//! What happens, in order.

use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::fleet::{Instance, wait_for_all, wait_until_seen};
use crate::service::Service;
use crate::store::Store;
use crate::timeline::Timeline;

/// Two instances are busy, the others have less to do.
const PAUSES: [u32; 5] = [10, 10, 200, 200, 200];
const OUTAGE: Duration = Duration::from_secs(5);

struct Stage {
    timeline: Timeline,
    store: Store,
    /// The services that the two groups call.
    service: Service,
    other_service: Service,
    fleet: Vec<Instance>,
    alone: Vec<Instance>,
}

pub(crate) fn play() -> Result<(), Box<dyn Error>> {
    let runtime = Runtime::new()?;
    let timeline = Timeline::new();
    let store = Store::start()?;
    let (service, other_service) = (Service::start(&runtime)?, Service::start(&runtime)?);
    let names = (1..=PAUSES.len()).map(|number| format!("web-{number}"));
    let start = |name: String| Instance::start(&name, &service.url(), Some(&store.url()), Some(&timeline));
    let fleet = names.clone().map(start).collect::<Result<Vec<_>, _>>()?;
    let alone = names.map(|name| Instance::start(&name, &other_service.url(), None, None));
    let alone = alone.collect::<Result<Vec<_>, _>>()?;
    let mut stage = Stage { timeline, store, service, other_service, fleet, alone };

    wait_until_seen(&mut stage.fleet, "5")?;
    stage.timeline.say("five instances share their circuits; five others do not, and are not shown");
    stage.outage()?;
    stage.without_redis()?;
    stage.redis_is_back()?;
    stage.order()?;
    stage.timeline.title("all of this was asserted");
    Ok(())
}

impl Stage {
    /// Everybody calls, the busy ones more often.
    fn call(&mut self) -> Result<(), Box<dyn Error>> {
        for group in [&mut self.fleet, &mut self.alone] {
            for (instance, pause) in group.iter_mut().zip(PAUSES) {
                instance.tell(&format!("call every {pause}"))?;
            }
        }
        thread::sleep(Duration::from_millis(500));
        Ok(())
    }

    fn outage(&mut self) -> Result<(), Box<dyn Error>> {
        self.timeline.title("an outage");
        self.call()?;
        let begin = Instant::now();
        self.service.fails(true);
        self.other_service.fails(true);
        self.timeline.say("the payment service fails");
        wait_for_all(&self.fleet, "open")?;
        // From here on only probes go out.
        self.service.most_at_once();
        thread::sleep(OUTAGE.saturating_sub(begin.elapsed()));
        let probes_at_once = self.service.most_at_once();
        let (requests, others) = (self.service.requests(), self.other_service.requests());

        self.service.fails(false);
        self.other_service.fails(false);
        self.timeline.say("the payment service works again");
        wait_for_all(&self.fleet, "closed")?;
        wait_for_all(&self.alone, "closed")?;
        self.timeline.say(format!(
            "requests that reached the failing service: {requests} from the fleet, {others} from the five without it; \
             probes at the same time: {probes_at_once}"
        ));
        assert!(requests * 2 < others, "the fleet finds out together, and probes once instead of five times");
        assert_eq!(probes_at_once, 1, "one probe at a time in the whole fleet");
        Ok(())
    }

    fn without_redis(&mut self) -> Result<(), Box<dyn Error>> {
        self.timeline.title("Redis is killed in the middle of an outage");
        self.service.fails(true);
        self.timeline.say("the payment service fails");
        wait_for_all(&self.fleet, "open")?;
        self.store.kill();
        self.timeline.say("Redis is killed");
        wait_until_seen(&mut self.fleet, "unknown")?;
        self.service.fails(false);
        self.timeline.say("the payment service works again");
        wait_for_all(&self.fleet, "closed")?;
        let waits = self.fleet.iter_mut().map(|instance| Ok(instance.ask("waits", "waits")?.parse::<u64>()?));
        let longest = waits.collect::<Result<Vec<_>, Box<dyn Error>>>()?.into_iter().max().unwrap_or_default();
        self.timeline
            .say(format!("without Redis they recovered alone; 99 % of the rejections took at most {longest} µs"));
        assert!(longest < 50_000, "no call waits for Redis");
        Ok(())
    }

    fn redis_is_back(&mut self) -> Result<(), Box<dyn Error>> {
        self.timeline.title("Redis is back, without data");
        self.store.restart()?;
        wait_until_seen(&mut self.fleet, "5")?;
        self.timeline.say("all five have found each other again");
        Ok(())
    }

    fn order(&mut self) -> Result<(), Box<dyn Error>> {
        self.timeline.title("an operator forces the circuit open on web-3");
        self.fleet[2].tell("force_open")?;
        wait_for_all(&self.fleet, "forced_open")?;
        for instance in &mut self.fleet {
            assert_eq!(instance.ask("call", "called")?, "rejected");
        }
        self.service.fails(false);
        let mut late = Instance::start("web-6", &self.service.url(), Some(&self.store.url()), Some(&self.timeline))?;
        let first = late.ask("call", "called")?;
        self.timeline.say(format!("web-6 starts; its first call is {first}"));
        assert_eq!(first, "rejected", "a new instance obeys from its first call on");
        assert_eq!(self.service.requests(), 0, "and the payment service has not heard of it");

        self.timeline.say("the operator resets it on web-1");
        self.fleet[0].tell("reset")?;
        wait_for_all(&self.fleet, "closed")?;
        late.wait_for("closed")?;
        assert_eq!(late.ask("call", "called")?, "succeeded");
        Ok(())
    }
}
