//! Calling one export of a program by name, with arguments and results as text: for trying things out.
//!
//! Numbers, truth values, characters and strings can be given; results of any type are written, much as WAVE writes them.

mod call;

use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Type, Val as ComponentVal};
use wasmtime::{Engine, ExternType, FuncType, Val, ValType};

use crate::host::{GuestStore, Host};
use crate::start::Linked;

/// The function that a library of preview1 wants called before anything else.
const INITIALIZE: &str = "_initialize";

/// The call to make, as the user wrote it: a name and arguments, or both as one text.
#[derive(Clone)]
pub(crate) struct Invocation {
    pub(crate) function: String,
    pub(crate) arguments: Vec<String>,
}

/// The call to make, found and understood.
pub(crate) enum Invoked<'a> {
    Component {
        instance: &'a InstancePre<Host>,
        function: ComponentExportIndex,
        arguments: Vec<ComponentVal>,
        results: usize,
    },
    Module {
        instance: &'a wasmtime::InstancePre<Host>,
        function: String,
        arguments: Vec<Val>,
        results: usize,
    },
}

impl Invocation {
    /// Finds the function, and reads the arguments as it wants them.
    ///
    /// # Errors
    /// In a line, where there is no such function, or it can't be called with these.
    pub(crate) fn find<'a>(&self, linked: &'a Linked, engine: &Engine) -> Result<Invoked<'a>, String> {
        self.read()?.locate(linked, engine)
    }

    /// The same, with the arguments taken out of the function's parentheses.
    fn read(&self) -> Result<Self, String> {
        match call::parse(&self.function)? {
            (_, None) => Ok(self.clone()),
            (function, Some(arguments)) if self.arguments.is_empty() => {
                Ok(Self { function: function.to_owned(), arguments })
            }
            _ => Err(format!(
                "{:?} has arguments in parentheses, and others stand behind the program; write all in one place",
                self.function
            )),
        }
    }

    fn locate<'a>(&self, linked: &'a Linked, engine: &Engine) -> Result<Invoked<'a>, String> {
        let Self { function, arguments } = self;
        match linked {
            Linked::Module { instance } => {
                let kind = self.of_module(instance)?;
                self.check_number(kind.params().map(|kind| kind.to_string()))?;
                let arguments = kind.params().zip(arguments).map(|(kind, text)| number(&kind, text));
                let (arguments, results) = (arguments.collect::<Result<_, _>>()?, kind.results().len());
                Ok(Invoked::Module { instance, function: function.clone(), arguments, results })
            }
            Linked::Direct { .. } => Err("a component that is bound directly has no functions to call by name; load it to be bound by the engine".to_owned()),
            Linked::Component { instance, .. } => {
                let (kind, index) = self.of_component(instance.component(), engine)?;
                self.check_number(kind.params().map(|(name, kind)| format!("{name}: {}", type_name(&kind))))?;
                let arguments = kind.params().zip(arguments).map(|((_, kind), text)| value(&kind, text));
                let (arguments, results) = (arguments.collect::<Result<_, _>>()?, kind.results().len());
                Ok(Invoked::Component { instance, function: index, arguments, results })
            }
        }
    }

    fn of_module(&self, instance: &wasmtime::InstancePre<Host>) -> Result<FuncType, String> {
        let module = instance.module();
        if let Some(ExternType::Func(kind)) = module.get_export(&self.function) {
            return Ok(kind);
        }
        let functions = module.exports().filter(|export| matches!(export.ty(), ExternType::Func(_)));
        Err(self.missing(functions.map(|export| export.name().to_owned())))
    }

    /// `function` of the component itself, or else of the one interface that has it; or `interface#function`.
    fn of_component(
        &self,
        component: &Component,
        engine: &Engine,
    ) -> Result<(ComponentFunc, ComponentExportIndex), String> {
        let find = |name: &str| {
            let (interface, function) = match name.split_once('#') {
                Some((interface, function)) => (Some(component.get_export_index(None, interface)?), function),
                None => (None, name),
            };
            match component.get_export(interface.as_ref(), function)? {
                (ComponentItem::ComponentFunc(kind), index) => Some((kind, index)),
                _ => None,
            }
        };
        let of_one_interface = || {
            let all = functions_of(component, engine);
            let mut named = all.iter().filter(|name| name.split_once('#').is_some_and(|(_, it)| it == self.function));
            named.next().filter(|_| named.next().is_none()).and_then(|name| find(name))
        };
        let found = find(&self.function).or_else(of_one_interface);
        found.ok_or_else(|| self.missing(functions_of(component, engine)))
    }

    fn missing(&self, there: impl IntoIterator<Item = String>) -> String {
        let there: Vec<_> = there.into_iter().collect();
        let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
        format!("it exports no function {:?}; those that it does: {there}", self.function)
    }

    fn check_number(&self, wanted: impl ExactSizeIterator<Item = String>) -> Result<(), String> {
        let given = self.arguments.len();
        if wanted.len() == given {
            return Ok(());
        }
        let wanted: Vec<_> = wanted.collect();
        Err(format!("{} takes ({}), and {given} arguments are given", self.function, wanted.join(", ")))
    }
}

impl Invoked<'_> {
    /// Instantiates the program, calls the function, and returns its results as text.
    pub(crate) fn call(&self, store: &mut GuestStore) -> wasmtime::Result<Vec<String>> {
        match self {
            Self::Module { instance, function, arguments, results } => {
                let instance = instance.instantiate(&mut *store)?;
                if let (true, Ok(initialize)) =
                    (function != INITIALIZE, instance.get_typed_func::<(), ()>(&mut *store, INITIALIZE))
                {
                    initialize.call(&mut *store, ())?;
                }
                let missing = || wasmtime::format_err!("it exports no function {function}");
                let function = instance.get_func(&mut *store, function).ok_or_else(missing)?;
                let mut results = vec![Val::I32(0); *results];
                function.call(&mut *store, arguments, &mut results)?;
                Ok(results.iter().map(show_number).collect())
            }
            Self::Component { instance, function, arguments, results } => {
                let instance = instance.instantiate(&mut *store)?;
                let missing = || wasmtime::format_err!("it exports no such function");
                let function = instance.get_func(&mut *store, function).ok_or_else(missing)?;
                let mut results = vec![ComponentVal::Bool(false); *results];
                function.call(&mut *store, arguments, &mut results)?;
                Ok(results.iter().map(show_result).collect())
            }
        }
    }
}

/// `function`, and `interface#function` for those of interfaces.
fn functions_of(component: &Component, engine: &Engine) -> Vec<String> {
    let mut names = Vec::new();
    for (name, item) in component.component_type().exports(engine) {
        match item.ty {
            ComponentItem::ComponentFunc(_) => names.push(name.to_owned()),
            ComponentItem::ComponentInstance(interface) => {
                let functions =
                    interface.exports(engine).filter(|(_, item)| matches!(item.ty, ComponentItem::ComponentFunc(_)));
                names.extend(functions.map(|(function, _)| format!("{name}#{function}")));
            }
            _ => {}
        }
    }
    names
}

/// An argument of a module's function. An integer may be written signed or unsigned.
fn number(kind: &ValType, text: &str) -> Result<Val, String> {
    let wrong = || format!("{text:?} is no {kind}");
    match kind {
        ValType::I32 => {
            let signed = text.parse::<i32>().or_else(|_| text.parse::<u32>().map(u32::cast_signed));
            signed.map(Val::I32).map_err(|_| wrong())
        }
        ValType::I64 => {
            let signed = text.parse::<i64>().or_else(|_| text.parse::<u64>().map(u64::cast_signed));
            signed.map(Val::I64).map_err(|_| wrong())
        }
        ValType::F32 => text.parse().map(|number: f32| Val::F32(number.to_bits())).map_err(|_| wrong()),
        ValType::F64 => text.parse().map(|number: f64| Val::F64(number.to_bits())).map_err(|_| wrong()),
        other => Err(format!("a value of type {other} can't be given on a command line")),
    }
}

/// An argument of a component's function.
fn value(kind: &Type, text: &str) -> Result<ComponentVal, String> {
    let wrong = || format!("{text:?} is no {}", type_name(kind));
    macro_rules! parsed {
        ($variant:ident) => {
            text.parse().map(ComponentVal::$variant).map_err(|_| wrong())
        };
    }
    match kind {
        Type::Bool => parsed!(Bool),
        Type::S8 => parsed!(S8),
        Type::U8 => parsed!(U8),
        Type::S16 => parsed!(S16),
        Type::U16 => parsed!(U16),
        Type::S32 => parsed!(S32),
        Type::U32 => parsed!(U32),
        Type::S64 => parsed!(S64),
        Type::U64 => parsed!(U64),
        Type::Float32 => parsed!(Float32),
        Type::Float64 => parsed!(Float64),
        Type::Char => parsed!(Char),
        Type::String => Ok(ComponentVal::String(text.to_owned())),
        other => Err(format!("a value of type {} can't be given on a command line", type_name(other))),
    }
}

fn type_name(kind: &Type) -> String {
    match kind {
        Type::Float32 => "f32".to_owned(),
        Type::Float64 => "f64".to_owned(),
        // `S32`, or `List(...)`, of which the first word will do.
        other => format!("{other:?}").split('(').next().unwrap_or_default().to_lowercase(),
    }
}

fn show_number(value: &Val) -> String {
    match value {
        Val::I32(number) => number.to_string(),
        Val::I64(number) => number.to_string(),
        Val::F32(bits) => f32::from_bits(*bits).to_string(),
        Val::F64(bits) => f64::from_bits(*bits).to_string(),
        other => format!("{other:?}"),
    }
}

/// A whole result: a string is itself.
fn show_result(value: &ComponentVal) -> String {
    match value {
        ComponentVal::String(text) => text.clone(),
        other => {
            let mut text = String::new();
            show(other, &mut text);
            text
        }
    }
}

fn show(value: &ComponentVal, out: &mut String) {
    let plain = match value {
        ComponentVal::Bool(value) => value.to_string(),
        ComponentVal::S8(value) => value.to_string(),
        ComponentVal::U8(value) => value.to_string(),
        ComponentVal::S16(value) => value.to_string(),
        ComponentVal::U16(value) => value.to_string(),
        ComponentVal::S32(value) => value.to_string(),
        ComponentVal::U32(value) => value.to_string(),
        ComponentVal::S64(value) => value.to_string(),
        ComponentVal::U64(value) => value.to_string(),
        ComponentVal::Float32(value) => value.to_string(),
        ComponentVal::Float64(value) => value.to_string(),
        ComponentVal::Char(value) => format!("{value:?}"),
        ComponentVal::String(value) => format!("{value:?}"),
        ComponentVal::Enum(name) => name.clone(),
        ComponentVal::Flags(names) => format!("{{{}}}", names.join(", ")),
        ComponentVal::List(values) | ComponentVal::FixedLengthList(values) => {
            return show_all(out, "[", values.iter().map(|value| ("", value)), "]");
        }
        ComponentVal::Tuple(values) => return show_all(out, "(", values.iter().map(|value| ("", value)), ")"),
        ComponentVal::Record(fields) => {
            return show_all(out, "{", fields.iter().map(|(name, value)| (name.as_str(), value)), "}");
        }
        ComponentVal::Variant(name, inner) => return show_case(out, name, inner.as_deref()),
        ComponentVal::Option(Some(inner)) => return show_case(out, "some", Some(inner)),
        ComponentVal::Option(None) => "none".to_owned(),
        ComponentVal::Result(Ok(inner)) => return show_case(out, "ok", inner.as_deref()),
        ComponentVal::Result(Err(inner)) => return show_case(out, "err", inner.as_deref()),
        other => format!("{other:?}"),
    };
    out.push_str(&plain);
}

fn show_all<'a>(out: &mut String, open: &str, values: impl Iterator<Item = (&'a str, &'a ComponentVal)>, close: &str) {
    out.push_str(open);
    for (index, (name, value)) in values.enumerate() {
        out.push_str(if index > 0 { ", " } else { "" });
        if !name.is_empty() {
            out.push_str(name);
            out.push_str(": ");
        }
        show(value, out);
    }
    out.push_str(close);
}

fn show_case(out: &mut String, name: &str, inner: Option<&ComponentVal>) {
    out.push_str(name);
    if let Some(inner) = inner {
        show_all(out, "(", std::iter::once(("", inner)), ")");
    }
}
