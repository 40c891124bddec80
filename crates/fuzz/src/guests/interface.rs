//! The imports that a component can have and the exports that it must have, read from `wit/`. Every function and every drop comes
//! with its flattened signature.

use std::path::Path;

use anyhow::{Context as _, Result};
use wit_parser::abi::{AbiVariant, WasmSignature};
use wit_parser::{
    Function, ManglingAndAbi, Resolve, ResourceIntrinsic, SizeAlign, Type, TypeDefKind, TypeId, WasmExport,
    WasmExportKind, WasmImport, WorldId, WorldItem, WorldKey,
};

/// The world that the host implements.
pub(crate) struct Interface {
    pub(crate) resolve: Resolve,
    pub(crate) world: WorldId,
    pub(crate) sizes: SizeAlign,
    pub(crate) imports: Vec<Import>,
    /// Each kind of handle, by its number in [`Interface::resource`].
    pub(crate) resources: Vec<Resource>,
    pub(crate) run: String,
    pub(crate) memory: String,
    pub(crate) realloc: String,
}

/// A function to import.
pub(crate) struct Import {
    pub(crate) module: String,
    pub(crate) name: String,
    pub(crate) function: Function,
    pub(crate) signature: WasmSignature,
}

/// A kind of handle, and the function that closes one.
pub(crate) struct Resource {
    id: TypeId,
    pub(crate) module: String,
    pub(crate) drop: String,
}

impl Interface {
    /// Reads the world `host` from the folder `wit`; the mangling says by which names a module imports and exports.
    pub(crate) fn read(wit: &Path, mangling: ManglingAndAbi) -> Result<Self> {
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_dir(wit).context("the interface cannot be read")?;
        let world = resolve.select_world(&[package], Some("host"))?;
        let mut sizes = SizeAlign::default();
        sizes.fill(&resolve);
        let (mut imports, mut resources) = (Vec::new(), Vec::new());
        for (key, item) in &resolve.worlds[world].imports {
            let WorldItem::Interface { id, .. } = item else { continue };
            let interface = &resolve.interfaces[*id];
            imports.extend(interface.functions.values().map(|function| import(&resolve, key, function, mangling)));
            resources.extend(interface.types.values().filter_map(|id| resource(&resolve, key, *id, mangling)));
        }
        let run = run(&resolve, world, mangling).context("the world exports nothing to run")?;
        let memory = resolve.wasm_export_name(mangling, WasmExport::Memory);
        let realloc = resolve.wasm_export_name(mangling, WasmExport::Realloc);
        Ok(Self { resolve, world, sizes, imports, resources, run, memory, realloc })
    }

    /// The number of the resource that handles of type `id` are of.
    pub(crate) fn resource(&self, mut id: TypeId) -> Option<usize> {
        while let TypeDefKind::Type(Type::Id(alias)) = self.resolve.types[id].kind {
            id = alias;
        }
        self.resources.iter().position(|resource| resource.id == id)
    }
}

fn import(resolve: &Resolve, key: &WorldKey, function: &Function, mangling: ManglingAndAbi) -> Import {
    let import = WasmImport::Func { interface: Some(key), func: function };
    let (module, name) = resolve.wasm_import_name(mangling, import);
    let signature = resolve.wasm_signature(AbiVariant::GuestImport, function);
    Import { module, name, function: function.clone(), signature }
}

fn resource(resolve: &Resolve, key: &WorldKey, id: TypeId, mangling: ManglingAndAbi) -> Option<Resource> {
    matches!(resolve.types[id].kind, TypeDefKind::Resource).then(|| {
        let intrinsic = ResourceIntrinsic::ImportedDrop;
        let import = WasmImport::ResourceIntrinsic { interface: Some(key), resource: id, intrinsic };
        let (module, drop) = resolve.wasm_import_name(mangling, import);
        Resource { id, module, drop }
    })
}

/// The name of the function that a command is started by.
fn run(resolve: &Resolve, world: WorldId, mangling: ManglingAndAbi) -> Option<String> {
    let (key, item) = resolve.worlds[world].exports.first()?;
    let WorldItem::Interface { id, .. } = item else { return None };
    let func = resolve.interfaces[*id].functions.values().next()?;
    let export = WasmExport::Func { interface: Some(key), func, kind: WasmExportKind::Normal };
    Some(resolve.wasm_export_name(mangling, export))
}
