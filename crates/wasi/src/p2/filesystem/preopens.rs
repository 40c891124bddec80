//! `wasi:filesystem/preopens`: the mounts.

use callgate_gate::Call;
use callgate_system::{Error, Result};
use wasmtime::component::{Linker, Resource};

use super::Descriptor;
use crate::handles::Held;
use crate::host::{Context, Host};
use crate::p2::interface;

pub(super) fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    interface(linker, "wasi:filesystem/preopens")?.func_wrap("get-directories", |cx: Context<'_>, (): ()| {
        let host = cx.data();
        let mut list = Vec::new();
        let act = || {
            list = open_all(host)?;
            Ok::<_, Error>(list.iter().map(|(_, path)| path.clone()).collect::<Vec<String>>())
        };
        host.gate.pass(Call::GetDirectories, act)?;
        let list = list.into_iter().map(|(root, path)| (Resource::from(root), path));
        Ok((list.collect::<Vec<(Resource<Descriptor>, String)>>(),))
    })
}

fn open_all(host: &Host) -> Result<Vec<(Held<Descriptor>, String)>> {
    let open = |(mount, directory)| {
        let root = Descriptor::root(mount, directory, &host.budget)?;
        Ok((host.handles.add(root)?, mount.guest_path.clone()))
    };
    host.surroundings.mounts.iter().map(|(mount, directory)| open((mount, directory))).collect()
}
