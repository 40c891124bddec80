//! `wasi:io`: error, poll, streams.

use crate::bind::component::{Answer, Borrow, Bytes, Give as _, Nothing, Own, Parameter, Plain, Pollables, Streamed};
use crate::calls::{io, poll};
use crate::objects::{Failure, InputStream, OutputStream, Pollable};

super::interfaces! {
    "wasi:io/error" {
        resource "error": Failure;
        "[method]error.to-debug-string" (error: Borrow<Failure>) -> Plain<String> = io::to_debug_string;
    }
    "wasi:io/poll" {
        resource "pollable": Pollable;
        "[method]pollable.ready" (pollable: Borrow<Pollable>) -> Plain<bool> = poll::ready;
        "[method]pollable.block" (pollable: Borrow<Pollable>) -> Nothing = poll::block;
        "poll" (list: Pollables) -> Plain<Vec<u32>> = poll::poll;
    }
    "wasi:io/streams" {
        resource "input-stream": InputStream;
        resource "output-stream": OutputStream;
        "[method]input-stream.read" (stream: Borrow<InputStream>, len: u64) -> Streamed<Vec<u8>> = io::read;
        "[method]input-stream.blocking-read" (stream: Borrow<InputStream>, len: u64) -> Streamed<Vec<u8>>
            = io::blocking_read;
        "[method]input-stream.skip" (stream: Borrow<InputStream>, len: u64) -> Streamed<u64> = io::skip;
        "[method]input-stream.blocking-skip" (stream: Borrow<InputStream>, len: u64) -> Streamed<u64>
            = io::blocking_skip;
        "[method]input-stream.subscribe" (stream: Borrow<InputStream>) -> Plain<Own<Pollable>>
            = io::subscribe_to_input;
        "[method]output-stream.check-write" (stream: Borrow<OutputStream>) -> Streamed<u64> = io::check_write;
        "[method]output-stream.write" (stream: Borrow<OutputStream>, contents: Bytes) -> Streamed<()> = io::write;
        "[method]output-stream.blocking-write-and-flush" (stream: Borrow<OutputStream>, contents: Bytes) -> Streamed<()>
            = io::blocking_write_and_flush;
        "[method]output-stream.flush" (stream: Borrow<OutputStream>) -> Streamed<()> = io::flush;
        "[method]output-stream.blocking-flush" (stream: Borrow<OutputStream>) -> Streamed<()> = io::blocking_flush;
        "[method]output-stream.subscribe" (stream: Borrow<OutputStream>) -> Plain<Own<Pollable>>
            = io::subscribe_to_output;
        "[method]output-stream.write-zeroes" (stream: Borrow<OutputStream>, len: u64) -> Streamed<()>
            = io::write_zeroes;
        "[method]output-stream.blocking-write-zeroes-and-flush" (stream: Borrow<OutputStream>, len: u64)
            -> Streamed<()> = io::blocking_write_zeroes_and_flush;
        "[method]output-stream.splice" (stream: Borrow<OutputStream>, src: Borrow<InputStream>, len: u64)
            -> Streamed<u64> = io::splice;
        "[method]output-stream.blocking-splice" (stream: Borrow<OutputStream>, src: Borrow<InputStream>, len: u64)
            -> Streamed<u64> = io::blocking_splice;
    }
}
