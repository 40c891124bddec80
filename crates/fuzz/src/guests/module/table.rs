//! A table of wrong calls: for each function a component that makes handles, and then calls the function with one thing that is wrong.
//! Which, is the length of its first argument, so that one component serves all cases of a function.

use super::*;
use crate::guests::layout::END;
use crate::guests::lower::{Flat, flat_types, parts};

/// The local that holds the number of the case.
const CASE: u32 = 4;

/// The number of times that each function that makes handles is tried, with other arguments each time.
const TRIES: usize = 6;

/// Addresses, lengths, handles, cases and numbers that few functions can take: nothing, unaligned, not a text, at the end of memory
/// and after it, and as large as they get.
const WRONG_32: [u32; 13] =
    [0, 1, 3, 7, TEXTS + 1, HEAP + 1, END - 1, END, END + 1, i32::MAX as u32, 1 << 31, u32::MAX - 3, u32::MAX];
const WRONG_64: [u64; 6] = [0, 1, 1 << 32, i64::MAX as u64, 1 << 63, u64::MAX];

/// Something that is wrong with a call.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wrong {
    /// The core value at this place is another.
    Number(usize, u64),
    /// The handle at this place is one of the next kind.
    OfAnotherKind(usize, usize),
    /// The handle that this parameter has was dropped.
    Dropped(usize, usize),
    /// A list names a handle twice.
    Twice(usize, usize),
    /// A list names this handle, which nobody gave.
    Unknown(usize, u64),
    /// The answer is to go here.
    Result(u32),
}

/// The component for the function of this number, and in words what is wrong in each case.
pub(crate) fn wrong_calls(interface: &Interface, number: usize, port: u16) -> Result<(Vec<u8>, Vec<String>)> {
    let mut hostile = Hostile::new(interface, number as u64, port);
    hostile.values.wild = 0;
    let cases = hostile.cases(number);
    let told = cases.iter().map(|case| format!("{case:?}")).collect();
    let mut module = hostile.module(Role::Table { number, cases: &cases });
    embed_component_metadata(&mut module, &interface.resolve, interface.world, StringEncoding::UTF8)?;
    Ok((ComponentEncoder::default().module(&module)?.validate(true).encode()?, told))
}

impl Hostile<'_> {
    fn cases(&self, number: usize) -> Vec<Wrong> {
        let import = &self.interface.imports[number];
        let mut cases = Vec::new();
        let mut place = 0;
        for (parameter, param) in import.function.params.iter().enumerate() {
            if let Some(resource) = self.resource(&param.ty) {
                cases.extend([Wrong::OfAnotherKind(place, resource), Wrong::Dropped(parameter, resource)]);
            }
            if let Some(resource) = self.resource_of_list(&param.ty) {
                cases.push(Wrong::Twice(parameter, resource));
                cases.extend(WRONG_32.map(|handle| Wrong::Unknown(parameter, handle.into())));
            }
            let types = flat_types(self.interface, &param.ty);
            for (index, ty) in (place..).zip(&types) {
                match native(*ty) {
                    ValType::I64 => cases.extend(WRONG_64.map(|number| Wrong::Number(index, number))),
                    _ => cases.extend(WRONG_32.map(|number| Wrong::Number(index, number.into()))),
                }
            }
            place += types.len();
        }
        if import.signature.retptr {
            cases.extend(WRONG_32.map(Wrong::Result));
        }
        cases
    }

    fn resource(&self, ty: &Type) -> Option<usize> {
        let Type::Id(id) = ty else { return None };
        match &self.interface.resolve.types[*id].kind {
            TypeDefKind::Handle(Handle::Own(id) | Handle::Borrow(id)) => self.interface.resource(*id),
            _ => None,
        }
    }

    fn resource_of_list(&self, ty: &Type) -> Option<usize> {
        let Type::Id(id) = ty else { return None };
        match &self.interface.resolve.types[*id].kind {
            TypeDefKind::List(item) => self.resource(item),
            _ => None,
        }
    }

    /// Makes handles of as many kinds as it can, and does the case that the first argument says.
    pub(super) fn table(&mut self, number: usize, cases: &[Wrong]) -> Function {
        let mut function = Function::new([(5, ValType::I32)]);
        let mut code = function.instructions();
        let arguments = self.interface.imports.iter().position(|import| import.name == "get-arguments");
        code.i32_const(RESULTS as i32).call(arguments.unwrap_or(0) as u32);
        code.i32_const(RESULTS as i32).i32_load(HERE).i32_const(4).i32_add().i32_load(HERE).local_set(CASE);
        for number in self.openers() {
            self.call(&mut code, number);
        }
        for _ in 0..TRIES {
            for number in 0..self.interface.imports.len() {
                if self.makes_handles(number) {
                    self.call(&mut code, number);
                }
            }
        }
        for (case, wrong) in (0..).zip(cases) {
            code.local_get(CASE).i32_const(case).i32_eq().if_(BlockType::Empty);
            self.wrong_call(&mut code, number, *wrong);
            code.end();
        }
        code.i32_const(0).end();
        function
    }

    fn makes_handles(&mut self, number: usize) -> bool {
        let import = &self.interface.imports[number];
        let Some(result) = &import.function.result else { return false };
        self.is_reachable(import) && holds_handles(self.interface, result)
    }

    fn wrong_call(&mut self, code: &mut InstructionSink<'_>, number: usize, wrong: Wrong) {
        let interface = self.interface;
        let import = &interface.imports[number];
        let params = &import.function.params;
        let mut values: Vec<_> =
            params.iter().map(|param| (self.values.make(&param.ty, &param.name), param.ty)).collect();
        let mut instead = None;
        match wrong {
            Wrong::Number(place, number) => instead = Some((place, Flat::Number(number))),
            Wrong::OfAnotherKind(place, resource) => {
                instead = Some((place, Flat::Held(slot((resource + 1) % interface.resources.len(), 0))));
            }
            Wrong::Twice(parameter, resource) => {
                let twice = [Value::Held(slot(resource, 0)), Value::Held(slot(resource, 0))];
                values[parameter].0 = Value::List(twice.into());
            }
            Wrong::Unknown(parameter, handle) => values[parameter].0 = Value::List(vec![Value::Number(handle)]),
            Wrong::Dropped(..) | Wrong::Result(_) => {}
        }
        code.i32_const(HEAP as i32).global_set(NEXT).block(BlockType::Empty);
        values.iter().for_each(|(value, _)| skip_without_handles(code, value));
        if let Wrong::Dropped(parameter, resource) = wrong
            && let Value::Held(held) = &values[parameter].0
        {
            code.i32_const(*held as i32).i32_load(HERE).call((interface.imports.len() + resource) as u32);
        }
        Lower { interface, code: &mut *code, lists: LISTS, instead }.arguments(&values);
        if import.signature.retptr {
            let place = if let Wrong::Result(place) = wrong { place } else { RESULTS };
            code.i32_const(place as i32);
        }
        code.call(number as u32);
        for _ in 0..import.signature.results.len() {
            code.drop();
        }
        code.end();
    }
}

/// True if there is a handle in a value of this type; in an error there is none worth having.
fn holds_handles(interface: &Interface, ty: &Type) -> bool {
    let Type::Id(id) = ty else { return false };
    match &interface.resolve.types[*id].kind {
        TypeDefKind::Handle(_) => true,
        TypeDefKind::Result(result) => result.ok.is_some_and(|ty| holds_handles(interface, &ty)),
        _ => parts(interface, ty).iter().flatten().any(|part| holds_handles(interface, part)),
    }
}
