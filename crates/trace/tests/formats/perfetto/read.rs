//! Reads a trace as a viewer does: names instead of numbers, and for each event the track that it is on.

use std::collections::{BTreeMap, HashMap};

use prost::Message as _;

use super::definition::{DebugAnnotation, Interned, Trace, TrackDescriptor, Type};

/// An event that begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) name: String,
    pub(crate) track: u64,
    pub(crate) track_name: String,
    pub(crate) began: u64,
    /// None for an instant.
    pub(crate) ended: Option<u64>,
    pub(crate) categories: Vec<String>,
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) flows: Vec<u64>,
    pub(crate) ending_flows: Vec<u64>,
}

/// A trace as it is shown.
pub(crate) struct View {
    pub(crate) tracks: HashMap<u64, TrackDescriptor>,
    pub(crate) events: Vec<Seen>,
    /// Words that were written once, of all kinds.
    pub(crate) words: usize,
}

type Words = HashMap<u64, String>;

impl View {
    /// Parses a file.
    pub(crate) fn of(file: &[u8]) -> Self {
        let trace = Trace::decode(file).expect("it is a trace");
        let first = &trace.packet[0];
        assert_eq!((first.sequence_flags, first.first_packet_on_sequence), (Some(1), Some(true)));
        let sequence = first.trusted_packet_sequence_id;
        assert!(sequence.is_some_and(|sequence| sequence > 0));
        let clock = first.trace_packet_defaults.as_ref().and_then(|defaults| defaults.timestamp_clock_id);
        assert_eq!(clock, Some(3), "the monotonic clock");
        let mut view = Self { tracks: HashMap::new(), events: Vec::new(), words: 0 };
        let (mut categories, mut names, mut annotations) = (Words::new(), Words::new(), Words::new());
        for packet in trace.packet {
            assert_eq!(packet.trusted_packet_sequence_id, sequence);
            if let Some(data) = packet.interned_data {
                view.words += add(data.event_categories, &mut categories);
                view.words += add(data.event_names, &mut names);
                view.words += add(data.debug_annotation_names, &mut annotations);
            }
            if let Some(track) = packet.track_descriptor {
                view.tracks.insert(track.uuid.expect("a number"), track);
            }
            let Some(event) = packet.track_event else { continue };
            assert_eq!(packet.sequence_flags, Some(2), "it has numbers of words");
            let (time, track) = (packet.timestamp.expect("a time"), event.track_uuid.expect("a track"));
            if event.r#type() == Type::SliceEnd {
                let begun = view.events.iter_mut().rfind(|seen| seen.track == track && seen.ended == Some(0));
                begun.expect("what ends has begun").ended = Some(time);
                continue;
            }
            view.events.push(Seen {
                name: names[&event.name_iid.expect("a name")].clone(),
                track,
                track_name: String::new(),
                began: time,
                ended: (event.r#type() == Type::SliceBegin).then_some(0),
                categories: event.category_iids.iter().map(|number| categories[number].clone()).collect(),
                annotations: event.debug_annotations.iter().map(|it| annotation(it, &annotations)).collect(),
                flows: event.flow_ids,
                ending_flows: event.terminating_flow_ids,
            });
        }
        for event in &mut view.events {
            let track = &view.tracks[&event.track];
            let thread = track.thread.as_ref().and_then(|thread| thread.thread_name.clone());
            event.track_name = track.name.clone().or(thread).expect("a name");
        }
        view
    }

    /// The events of this name.
    pub(crate) fn of_name(&self, name: &str) -> Vec<&Seen> {
        self.events.iter().filter(|event| event.name == name).collect()
    }
}

fn add(entries: Vec<Interned>, words: &mut Words) -> usize {
    let count = entries.len();
    for entry in entries {
        let known = words.insert(entry.iid.expect("a number"), entry.name.expect("a word"));
        assert_eq!(known, None, "a number stands for one word");
    }
    count
}

fn annotation(annotation: &DebugAnnotation, names: &Words) -> (String, String) {
    let numbers = [annotation.uint_value.map(|it| it.to_string()), annotation.int_value.map(|it| it.to_string())];
    let others = [annotation.bool_value.map(|it| it.to_string()), annotation.string_value.clone()];
    let values: Vec<_> = numbers.into_iter().chain(others).flatten().collect();
    assert_eq!(values.len(), 1, "{annotation:?}");
    (names[&annotation.name_iid.expect("a name")].clone(), values.concat())
}
