//! The resolution over a tree of NT objects that is made up: links of every kind, aliases, and somebody who swaps things.
mod fake;
