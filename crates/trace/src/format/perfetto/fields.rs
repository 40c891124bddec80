//! The numbers of the fields that are written, of `protos/perfetto/trace` in Perfetto's repository.

/// `Trace`
pub(super) mod trace {
    pub(in super::super) const PACKET: u32 = 1;
}

/// `TracePacket`
pub(super) mod packet {
    pub(in super::super) const CLOCK_SNAPSHOT: u32 = 6;
    pub(in super::super) const TIMESTAMP: u32 = 8;
    pub(in super::super) const SEQUENCE: u32 = 10;
    pub(in super::super) const TRACK_EVENT: u32 = 11;
    pub(in super::super) const INTERNED_DATA: u32 = 12;
    pub(in super::super) const SEQUENCE_FLAGS: u32 = 13;
    pub(in super::super) const DEFAULTS: u32 = 59;
    pub(in super::super) const TRACK_DESCRIPTOR: u32 = 60;
    pub(in super::super) const FIRST_ON_SEQUENCE: u32 = 87;

    /// `SEQ_INCREMENTAL_STATE_CLEARED`: numbers of words begin anew.
    pub(in super::super) const CLEARED: u64 = 1;
    /// `SEQ_NEEDS_INCREMENTAL_STATE`: the packet has numbers of words, or relies on defaults.
    pub(in super::super) const NEEDS_STATE: u64 = 2;
}

/// `TracePacketDefaults`
pub(super) mod defaults {
    pub(in super::super) const CLOCK: u32 = 58;
}

/// `ClockSnapshot`, and its `Clock`
pub(super) mod clocks {
    pub(in super::super) const CLOCKS: u32 = 1;
    pub(in super::super) const PRIMARY: u32 = 2;
    pub(in super::super) const ID: u32 = 1;
    pub(in super::super) const TIME: u32 = 2;

    /// `BUILTIN_CLOCK_REALTIME`
    pub(in super::super) const REALTIME: u64 = 1;
    /// `BUILTIN_CLOCK_MONOTONIC`
    pub(in super::super) const MONOTONIC: u64 = 3;
}

/// `TrackDescriptor`
pub(super) mod descriptor {
    pub(in super::super) const UUID: u32 = 1;
    pub(in super::super) const NAME: u32 = 2;
    pub(in super::super) const PROCESS: u32 = 3;
    pub(in super::super) const THREAD: u32 = 4;
    pub(in super::super) const PARENT_UUID: u32 = 5;
    pub(in super::super) const CHILD_ORDERING: u32 = 11;
    pub(in super::super) const RANK: u32 = 12;

    /// By the time of the first event.
    pub(in super::super) const CHRONOLOGICAL: u64 = 2;
    /// By rank.
    pub(in super::super) const EXPLICIT: u64 = 3;
}

/// `ProcessDescriptor`
pub(super) mod process {
    pub(in super::super) const PID: u32 = 1;
    pub(in super::super) const CMDLINE: u32 = 2;
    pub(in super::super) const NAME: u32 = 6;
}

/// `ThreadDescriptor`
pub(super) mod thread {
    pub(in super::super) const PID: u32 = 1;
    pub(in super::super) const TID: u32 = 2;
    pub(in super::super) const NAME: u32 = 5;
}

/// `TrackEvent`
pub(super) mod event {
    pub(in super::super) const CATEGORY_NUMBERS: u32 = 3;
    pub(in super::super) const ANNOTATIONS: u32 = 4;
    pub(in super::super) const TYPE: u32 = 9;
    pub(in super::super) const NAME_NUMBER: u32 = 10;
    pub(in super::super) const TRACK: u32 = 11;
    pub(in super::super) const CATEGORIES: u32 = 22;
    pub(in super::super) const NAME: u32 = 23;
    pub(in super::super) const FLOWS: u32 = 47;
    pub(in super::super) const ENDING_FLOWS: u32 = 48;

    pub(in super::super) const SLICE_BEGIN: u64 = 1;
    pub(in super::super) const SLICE_END: u64 = 2;
    pub(in super::super) const INSTANT: u64 = 3;
}

/// `DebugAnnotation`
pub(super) mod annotation {
    pub(in super::super) const NAME_NUMBER: u32 = 1;
    pub(in super::super) const BOOL: u32 = 2;
    pub(in super::super) const UINT: u32 = 3;
    pub(in super::super) const INT: u32 = 4;
    pub(in super::super) const STRING: u32 = 6;
    pub(in super::super) const NAME: u32 = 10;
}

/// `InternedData`
pub(super) mod interned {
    pub(in super::super) const CATEGORIES: u32 = 1;
    pub(in super::super) const EVENT_NAMES: u32 = 2;
    pub(in super::super) const ANNOTATION_NAMES: u32 = 3;
}
