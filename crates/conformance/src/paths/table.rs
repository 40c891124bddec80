//! The table: what every operation must answer to every path.
//!
//! A section names a tree (`dir/`, `file`, `link->text`; `z` and `zd/` are always there too) and lists paths in it. Of
//! each it says, spelled plainly: what its last name is (`entry`), and what that leads to (`target`); `-` is nothing.
//! The columns:
//!
//! - opening: `rd` to read, `wr` to write, `cr` to write and create, `ex` to create exclusively, `tr` to truncate,
//!   `di` a directory, to list it, `nf` to read, not following, `cn` to create, not following;
//! - attributes: `st` stat, `ls` stat not following, `ti` set times, `lt` set times not following;
//! - links: `rl` read link, `ha` hard link from it to `new`, `lh` the same, not following, `ht` hard link `z` to it;
//! - names: `mk` create directory, `rm` remove directory, `un` unlink, `sy` symlink, `mf` rename it to `new`,
//!   `mt` rename the file `z` to it, `md` rename the directory `zd` to it.
//!
//! The cells: `ok`, or the error: `NE` no-entry, `NP` not-permitted, `ND` not-directory, `ID` is-directory, `EX` exist,
//! `LO` loop, `IN` invalid, `NY` not-empty, `NL` name-too-long, `IL` illegal-byte-sequence, `BI` busy or invalid,
//! `YP` not-empty or not-permitted. An `ok` is checked for its whole effect, an error for having none.
//!
//! The plain cells are what Linux answers (`openat2` with `RESOLVE_BENEATH`, then the `*at` call on the last name),
//! printed by a program and read over by a person; where Linux and the contract in `directory.rs` differ (`rl`, `lh`,
//! `sy`, `ht` of a name with a slash at the end, absolute link texts, NUL, the longest path), the contract holds.

/// Paths in one tree.
pub(super) struct Section {
    /// Its name in reports.
    pub(super) name: &'static str,
    /// The tree that is planted.
    pub(super) tree: &'static str,
    /// Path, entry, target, cells.
    pub(super) rows: &'static str,
}

#[rustfmt::skip]
pub(super) const SECTIONS: &[Section] = &[
    // Names without any trick.
    Section {
        name: "plain names",
        tree: "f d/ d/f d/s/ d/s/f e/",
        rows: r#"
# path             entry     target     rd wr cr ex tr di nf cn  st ls ti lt  rl ha lh ht  mk rm un sy mf mt md
f                  f         f          ok ok ok EX ok ND ok ok  ok ok ok ok  IN ok ok EX  EX ND ok EX ok ok ND
d                  d         d          ok ID ID EX ID ok ok ID  ok ok ok ok  IN NP NP EX  EX NY ID EX ok ID NY
e                  e         e          ok ID ID EX ID ok ok ID  ok ok ok ok  IN NP NP EX  EX ok ID EX ok ID ok
no                 no        no         NE NE ok ok NE NE NE ok  NE NE NE NE  NE NE NE ok  ok NE NE ok NE ok ok
d/f                d/f       d/f        ok ok ok EX ok ND ok ok  ok ok ok ok  IN ok ok EX  EX ND ok EX ok ok ND
d/s/f              d/s/f     d/s/f      ok ok ok EX ok ND ok ok  ok ok ok ok  IN ok ok EX  EX ND ok EX ok ok ND
d/s                d/s       d/s        ok ID ID EX ID ok ok ID  ok ok ok ok  IN NP NP EX  EX NY ID EX ok ID NY
d/no               d/no      d/no       NE NE ok ok NE NE NE ok  NE NE NE NE  NE NE NE ok  ok NE NE ok NE ok ok
no/x               -         -          NE NE NE NE NE NE NE NE  NE NE NE NE  NE NE NE NE  NE NE NE NE NE NE NE
f/x                -         -          ND ND ND ND ND ND ND ND  ND ND ND ND  ND ND ND ND  ND ND ND ND ND ND ND
"#,
    },
    // `.` and `..`, inside and out.
    Section {
        name: "dots",
        tree: "f d/ d/f d/s/ d/s/f e/",
        rows: r#"
# path             entry     target     rd wr cr ex tr di nf cn  st ls ti lt  rl ha lh ht  mk rm un sy mf mt md
.                  .         .          ok ID ID EX ID ok ok ID  ok ok ok ok  IN NP NP EX  EX IN ID EX BI BI BI
./f                f         f          ok ok ok EX ok ND ok ok  ok ok ok ok  IN ok ok EX  EX ND ok EX ok ok ND
./d                d         d          ok ID ID EX ID ok ok ID  ok ok ok ok  IN NP NP EX  EX NY ID EX ok ID NY
f/.                -         -          ND ND ND ND ND ND ND ND  ND ND ND ND  ND ND ND ND  ND ND ND ND ND ND ND
d/.                d         d          ok ID ID EX ID ok ok ID  ok ok ok ok  IN NP NP EX  EX IN ID EX BI BI BI
e/.                e         e          ok ID ID EX ID ok ok ID  ok ok ok ok  IN NP NP EX  EX IN ID EX BI BI BI
no/.               -         -          NE NE NE NE NE NE NE NE  NE NE NE NE  NE NE NE NE  NE NE NE NE NE NE NE
./no               no        no         NE NE ok ok NE NE NE ok  NE NE NE NE  NE NE NE ok  ok NE NE ok NE ok ok
d/..               .         .          ok ID ID EX ID ok ok ID  ok ok ok ok  IN NP NP EX  EX YP ID EX BI BI BI
d/../f             f         f          ok ok ok EX ok ND ok ok  ok ok ok ok  IN ok ok EX  EX ND ok EX ok ok ND
d/../no            no        no         NE NE ok ok NE NE NE ok  NE NE NE NE  NE NE NE ok  ok NE NE ok NE ok ok
d/s/../f           d/f       d/f        ok ok ok EX ok ND ok ok  ok ok ok ok  IN ok ok EX  EX ND ok EX ok ok ND
d/./s/./f          d/s/f     d/s/f      ok ok ok EX ok ND ok ok  ok ok ok ok  IN ok ok EX  EX ND ok EX ok ok ND
f/..               -         -          ND ND ND ND ND ND ND ND  ND ND ND ND  ND ND ND ND  ND ND ND ND ND ND ND
f/../d             -         -          ND ND ND ND ND ND ND ND  ND ND ND ND  ND ND ND ND  ND ND ND ND ND ND ND
d/f/../f           -         -          ND ND ND ND ND ND ND ND  ND ND ND ND  ND ND ND ND  ND ND ND ND ND ND ND
no/..              -         -          NE NE NE NE NE NE NE NE  NE NE NE NE  NE NE NE NE  NE NE NE NE NE NE NE
no/../f            -         -          NE NE NE NE NE NE NE NE  NE NE NE NE  NE NE NE NE  NE NE NE NE NE NE NE
..                 -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
../root            -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
../root/f          -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
../outside/secret  -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
../outside/new     -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
d/../..            -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
./..               -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
d/../../f          -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
d/s/../../../f     -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
...                ...       ...        NE NE ok ok NE NE NE ok  NE NE NE NE  NE NE NE ok  ok NE NE ok NE ok ok
"#,
    },
    // Empty paths, absolute ones, doubled slashes, and slashes at the end of everything.
    Section {
        name: "slashes",
        tree: "f d/ d/f e/",
        rows: r#"
# path             entry     target     rd wr cr ex tr di nf cn  st ls ti lt  rl ha lh ht  mk rm un sy mf mt md
""                 -         -          NE NE NE NE NE NE NE NE  NE NE NE NE  NE NE NE NE  NE NE NE NE NE NE NE
/                  -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
/f                 -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
//f                -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
/..                -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
f/                 -         -          ND ND ID ID ND ND ND ID  ND ND ND ND  ND ND ND ND  EX ND ND ND ND ND ND
d/                 d         d          ok ID ID ID ID ok ok ID  ok ok ok ok  IN NP NP EX  EX NY ID EX ok ND NY
e/                 e         e          ok ID ID ID ID ok ok ID  ok ok ok ok  IN NP NP EX  EX ok ID EX ok ND ok
no/                no        no         NE NE ID ID NE NE NE ID  NE NE NE NE  NE NE NE NE  ok NE NE NE NE ND ok
d/no/              d/no      d/no       NE NE ID ID NE NE NE ID  NE NE NE NE  NE NE NE NE  ok NE NE NE NE ND ok
f//                -         -          ND ND ID ID ND ND ND ID  ND ND ND ND  ND ND ND ND  EX ND ND ND ND ND ND
d//                d         d          ok ID ID ID ID ok ok ID  ok ok ok ok  IN NP NP EX  EX NY ID EX ok ND NY
d//f               d/f       d/f        ok ok ok EX ok ND ok ok  ok ok ok ok  IN ok ok EX  EX ND ok EX ok ok ND
d/f/               -         -          ND ND ID ID ND ND ND ID  ND ND ND ND  ND ND ND ND  EX ND ND ND ND ND ND
./                 .         .          ok ID ID EX ID ok ok ID  ok ok ok ok  IN NP NP EX  EX IN ID EX BI BI BI
d/./               d         d          ok ID ID EX ID ok ok ID  ok ok ok ok  IN NP NP EX  EX IN ID EX BI BI BI
d/../              .         .          ok ID ID EX ID ok ok ID  ok ok ok ok  IN NP NP EX  EX YP ID EX BI BI BI
../                -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
no/x/              -         -          NE NE NE NE NE NE NE NE  NE NE NE NE  NE NE NE NE  NE NE NE NE NE NE NE
"#,
    },
    // Slashes behind links: a section of its own, because some systems have none.
    Section {
        name: "slashes behind links",
        tree: "f d/ d/f e/ lf->f ld->d le->e lm->no",
        rows: r#"
# path             entry     target     rd wr cr ex tr di nf cn  st ls ti lt  rl ha lh ht  mk rm un sy mf mt md
ld//f              d/f       d/f        ok ok ok EX ok ND ok ok  ok ok ok ok  IN ok ok EX  EX ND ok EX ok ok ND
lf/                -         -          ND ND ID ID ND ND ND ID  ND ND ND ND  ND ND ND ND  EX ND ND ND ND ND ND
ld/                d         d          ok ID ID ID ID ok ok ID  ok ok ok ok  ND NP ND ND  EX ND ND ND ND ND ND
le/                e         e          ok ID ID ID ID ok ok ID  ok ok ok ok  ND NP ND ND  EX ND ND ND ND ND ND
lm/                no        no         NE NE ID ID NE NE NE ID  NE NE NE NE  ND NE ND ND  EX ND ND ND ND ND ND
"#,
    },
    // Links that stay inside: chained, dangling, looping, through directories and up, and with a slash in their text.
    Section {
        name: "links",
        tree: "f d/ d/f d/s/ d/s/f e/ lf->f ld->d ls->d/s lm->no lc->lf lcd->ld d/up->../f d/dd->.. dot->. \
               self->self p->q q->p lfs->f/ lds->d/ lms->no/ lmx->no/x ldd->d/../f lfx->f/x",
        rows: r#"
# path             entry     target     rd wr cr ex tr di nf cn  st ls ti lt  rl ha lh ht  mk rm un sy mf mt md
lf                 lf        f          ok ok ok EX ok ND LO LO  ok ok ok ok  ok ok ok EX  EX ND ok EX ok ok ND
lc                 lc        f          ok ok ok EX ok ND LO LO  ok ok ok ok  ok ok ok EX  EX ND ok EX ok ok ND
ld                 ld        d          ok ID ID EX ID ok LO LO  ok ok ok ok  ok NP ok EX  EX ND ok EX ok ok ND
lcd                lcd       d          ok ID ID EX ID ok LO LO  ok ok ok ok  ok NP ok EX  EX ND ok EX ok ok ND
ls                 ls        d/s        ok ID ID EX ID ok LO LO  ok ok ok ok  ok NP ok EX  EX ND ok EX ok ok ND
lm                 lm        no         NE NE ok EX NE NE LO LO  NE ok NE ok  ok NE ok EX  EX ND ok EX ok ok ND
ld/f               d/f       d/f        ok ok ok EX ok ND ok ok  ok ok ok ok  IN ok ok EX  EX ND ok EX ok ok ND
lcd/f              d/f       d/f        ok ok ok EX ok ND ok ok  ok ok ok ok  IN ok ok EX  EX ND ok EX ok ok ND
ls/f               d/s/f     d/s/f      ok ok ok EX ok ND ok ok  ok ok ok ok  IN ok ok EX  EX ND ok EX ok ok ND
ld/no              d/no      d/no       NE NE ok ok NE NE NE ok  NE NE NE NE  NE NE NE ok  ok NE NE ok NE ok ok
ld/s               d/s       d/s        ok ID ID EX ID ok ok ID  ok ok ok ok  IN NP NP EX  EX NY ID EX ok ID NY
ld/s/../f          d/f       d/f        ok ok ok EX ok ND ok ok  ok ok ok ok  IN ok ok EX  EX ND ok EX ok ok ND
lf/x               -         -          ND ND ND ND ND ND ND ND  ND ND ND ND  ND ND ND ND  ND ND ND ND ND ND ND
lf/.               -         -          ND ND ND ND ND ND ND ND  ND ND ND ND  ND ND ND ND  ND ND ND ND ND ND ND
lf/..              -         -          ND ND ND ND ND ND ND ND  ND ND ND ND  ND ND ND ND  ND ND ND ND ND ND ND
lm/x               -         -          NE NE NE NE NE NE NE NE  NE NE NE NE  NE NE NE NE  NE NE NE NE NE NE NE
ld/.               d         d          ok ID ID EX ID ok ok ID  ok ok ok ok  IN NP NP EX  EX IN ID EX BI BI BI
ld/..              .         .          ok ID ID EX ID ok ok ID  ok ok ok ok  IN NP NP EX  EX YP ID EX BI BI BI
ls/..              d         d          ok ID ID EX ID ok ok ID  ok ok ok ok  IN NP NP EX  EX YP ID EX BI BI BI
ls/../f            d/f       d/f        ok ok ok EX ok ND ok ok  ok ok ok ok  IN ok ok EX  EX ND ok EX ok ok ND
ls/../../f         f         f          ok ok ok EX ok ND ok ok  ok ok ok ok  IN ok ok EX  EX ND ok EX ok ok ND
ls/../../../f      -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
d/up               d/up      f          ok ok ok EX ok ND LO LO  ok ok ok ok  ok ok ok EX  EX ND ok EX ok ok ND
ld/up              d/up      f          ok ok ok EX ok ND LO LO  ok ok ok ok  ok ok ok EX  EX ND ok EX ok ok ND
d/dd               d/dd      .          ok ID ID EX ID ok LO LO  ok ok ok ok  ok NP ok EX  EX ND ok EX ok ok ND
d/dd/f             f         f          ok ok ok EX ok ND ok ok  ok ok ok ok  IN ok ok EX  EX ND ok EX ok ok ND
d/dd/..            -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
dot                dot       .          ok ID ID EX ID ok LO LO  ok ok ok ok  ok NP ok EX  EX ND ok EX ok ok ND
dot/..             -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
dot/f              f         f          ok ok ok EX ok ND ok ok  ok ok ok ok  IN ok ok EX  EX ND ok EX ok ok ND
self               self      -          LO LO LO EX LO LO LO LO  LO ok LO ok  ok LO ok EX  EX ND ok EX ok ok ND
self/x             -         -          LO LO LO LO LO LO LO LO  LO LO LO LO  LO LO LO LO  LO LO LO LO LO LO LO
self/              -         -          LO LO ID ID LO LO LO ID  LO LO LO LO  ND LO ND ND  EX ND ND ND ND ND ND
p                  p         -          LO LO LO EX LO LO LO LO  LO ok LO ok  ok LO ok EX  EX ND ok EX ok ok ND
p/x                -         -          LO LO LO LO LO LO LO LO  LO LO LO LO  LO LO LO LO  LO LO LO LO LO LO LO
lfs                lfs       -          ND ND ID EX ND ND LO LO  ND ok ND ok  ok ND ok EX  EX ND ok EX ok ok ND
lds                lds       d          ok ID ID EX ID ok LO LO  ok ok ok ok  ok NP ok EX  EX ND ok EX ok ok ND
lds/f              d/f       d/f        ok ok ok EX ok ND ok ok  ok ok ok ok  IN ok ok EX  EX ND ok EX ok ok ND
lms                lms       no         NE NE ID EX NE NE LO LO  NE ok NE ok  ok NE ok EX  EX ND ok EX ok ok ND
lmx                lmx       -          NE NE NE EX NE NE LO LO  NE ok NE ok  ok NE ok EX  EX ND ok EX ok ok ND
ldd                ldd       f          ok ok ok EX ok ND LO LO  ok ok ok ok  ok ok ok EX  EX ND ok EX ok ok ND
lfx                lfx       -          ND ND ND EX ND ND LO LO  ND ok ND ok  ok ND ok EX  EX ND ok EX ok ok ND
"#,
    },
    // Links that lead out, at once or in two steps, relative or absolute, and those that lead back in.
    Section {
        name: "outside",
        tree: "f d/ d/f abs->{host}/outside/secret absd->{host}/outside absin->{host}/root/f absr->{/} \
               out->../outside/secret outd->../outside outm->../outside/new back->../root/f up->.. \
               d/out->../../outside/secret lout->out lupx->d/../../outside",
        rows: r#"
# path             entry     target     rd wr cr ex tr di nf cn  st ls ti lt  rl ha lh ht  mk rm un sy mf mt md
abs                abs       -          NP NP NP EX NP NP LO LO  NP ok NP ok  NP NP ok EX  EX ND ok EX ok ok ND
absd               absd      -          NP NP NP EX NP NP LO LO  NP ok NP ok  NP NP ok EX  EX ND ok EX ok ok ND
absd/secret        -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
absin              absin     -          NP NP NP EX NP NP LO LO  NP ok NP ok  NP NP ok EX  EX ND ok EX ok ok ND
absr               absr      -          NP NP NP EX NP NP LO LO  NP ok NP ok  NP NP ok EX  EX ND ok EX ok ok ND
absr/              -         -          NP NP ID ID NP NP NP ID  NP NP NP NP  ND NP ND ND  EX ND ND ND ND ND ND
absd/              -         -          NP NP ID ID NP NP NP ID  NP NP NP NP  ND NP ND ND  EX ND ND ND ND ND ND
out                out       -          NP NP NP EX NP NP LO LO  NP ok NP ok  ok NP ok EX  EX ND ok EX ok ok ND
outd               outd      -          NP NP NP EX NP NP LO LO  NP ok NP ok  ok NP ok EX  EX ND ok EX ok ok ND
outd/              -         -          NP NP ID ID NP NP NP ID  NP NP NP NP  ND NP ND ND  EX ND ND ND ND ND ND
outd/secret        -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
outd/new           -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
outd/d             -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
outd/../root/f     -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
outm               outm      -          NP NP NP EX NP NP LO LO  NP ok NP ok  ok NP ok EX  EX ND ok EX ok ok ND
outm/              -         -          NP NP ID ID NP NP NP ID  NP NP NP NP  ND NP ND ND  EX ND ND ND ND ND ND
back               back      -          NP NP NP EX NP NP LO LO  NP ok NP ok  ok NP ok EX  EX ND ok EX ok ok ND
up                 up        -          NP NP NP EX NP NP LO LO  NP ok NP ok  ok NP ok EX  EX ND ok EX ok ok ND
up/                -         -          NP NP ID ID NP NP NP ID  NP NP NP NP  ND NP ND ND  EX ND ND ND ND ND ND
up/root/f          -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
d/out              d/out     -          NP NP NP EX NP NP LO LO  NP ok NP ok  ok NP ok EX  EX ND ok EX ok ok ND
lout               lout      -          NP NP NP EX NP NP LO LO  NP ok NP ok  ok NP ok EX  EX ND ok EX ok ok ND
lupx               lupx      -          NP NP NP EX NP NP LO LO  NP ok NP ok  ok NP ok EX  EX ND ok EX ok ok ND
lupx/secret        -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
"#,
    },
    // A slash re-appended after following a link (GHSA-hp8f-xmx4-4qrg): `link` leads to `evil`, and `evil` out.
    Section {
        name: "trap",
        tree: "a/ a/f a/link->evil/ a/evil->../../outside w/ w/link->evil/ w/evil->../../outside/new v/ \
               v/link->evil v/evil->../../outside",
        rows: r#"
# path             entry     target     rd wr cr ex tr di nf cn  st ls ti lt  rl ha lh ht  mk rm un sy mf mt md
a/link             a/link    -          NP NP ID EX NP NP LO LO  NP ok NP ok  ok NP ok EX  EX ND ok EX ok ok ND
a/link/            -         -          NP NP ID ID NP NP NP ID  NP NP NP NP  ND NP ND ND  EX ND ND ND ND ND ND
a/link/.           -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
a/link/secret      -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
a/link/new         -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
a/link/new/        -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
a/link/d           -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
a/link/..          -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
a/link/../a/f      -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
a/evil             a/evil    -          NP NP NP EX NP NP LO LO  NP ok NP ok  ok NP ok EX  EX ND ok EX ok ok ND
a/evil/            -         -          NP NP ID ID NP NP NP ID  NP NP NP NP  ND NP ND ND  EX ND ND ND ND ND ND
w/link             w/link    -          NP NP ID EX NP NP LO LO  NP ok NP ok  ok NP ok EX  EX ND ok EX ok ok ND
w/link/            -         -          NP NP ID ID NP NP NP ID  NP NP NP NP  ND NP ND ND  EX ND ND ND ND ND ND
w/evil/            -         -          NP NP ID ID NP NP NP ID  NP NP NP NP  ND NP ND ND  EX ND ND ND ND ND ND
v/link             v/link    -          NP NP NP EX NP NP LO LO  NP ok NP ok  ok NP ok EX  EX ND ok EX ok ok ND
v/link/            -         -          NP NP ID ID NP NP NP ID  NP NP NP NP  ND NP ND ND  EX ND ND ND ND ND ND
v/link/secret      -         -          NP NP NP NP NP NP NP NP  NP NP NP NP  NP NP NP NP  NP NP NP NP NP NP NP
"#,
    },
    // Lengths, and NUL.
    Section {
        name: "limits",
        tree: "f d/ <255>",
        rows: r#"
# path             entry     target     rd wr cr ex tr di nf cn  st ls ti lt  rl ha lh ht  mk rm un sy mf mt md
<255>              <255>     <255>      ok ok ok EX ok ND ok ok  ok ok ok ok  IN ok ok EX  EX ND ok EX ok ok ND
<m255>             <m255>    <m255>     NE NE ok ok NE NE NE ok  NE NE NE NE  NE NE NE ok  ok NE NE ok NE ok ok
<256>              -         -          NL NL NL NL NL NL NL NL  NL NL NL NL  NL NL NL NL  NL NL NL NL NL NL NL
d/<m255>           d/<m255>  d/<m255>   NE NE ok ok NE NE NE ok  NE NE NE NE  NE NE NE ok  ok NE NE ok NE ok ok
d/<256>            -         -          NL NL NL NL NL NL NL NL  NL NL NL NL  NL NL NL NL  NL NL NL NL NL NL NL
<256>/x            -         -          NL NL NL NL NL NL NL NL  NL NL NL NL  NL NL NL NL  NL NL NL NL NL NL NL
<4095>             f         f          ok ok ok EX ok ND ok ok  ok ok ok ok  IN ok ok EX  EX ND ok EX ok ok ND
<4096>             -         -          NL NL NL NL NL NL NL NL  NL NL NL NL  NL NL NL NL  NL NL NL NL NL NL NL
<4097>             -         -          NL NL NL NL NL NL NL NL  NL NL NL NL  NL NL NL NL  NL NL NL NL NL NL NL
f<NUL>             -         -          IN IN IN IN IN IN IN IN  IN IN IN IN  IN IN IN IN  IN IN IN IN IN IN IN
<NUL>              -         -          IN IN IN IN IN IN IN IN  IN IN IN IN  IN IN IN IN  IN IN IN IN IN IN IN
f<NUL>/..          -         -          IN IN IN IN IN IN IN IN  IN IN IN IN  IN IN IN IN  IN IN IN IN IN IN IN
d/<NUL>f           -         -          IN IN IN IN IN IN IN IN  IN IN IN IN  IN IN IN IN  IN IN IN IN IN IN IN
"#,
    },
    // The number of links.
    Section {
        name: "limits of links",
        tree: "f d/ ld->d <chain>",
        rows: r#"
# path             entry     target     rd wr cr ex tr di nf cn  st ls ti lt  rl ha lh ht  mk rm un sy mf mt md
<40-links>         f         f          ok ok ok EX ok ND ok ok  ok ok ok ok  IN ok ok EX  EX ND ok EX ok ok ND
<41-links>         -         -          LO LO LO LO LO LO LO LO  LO LO LO LO  LO LO LO LO  LO LO LO LO LO LO LO
c39                c39       f          ok ok ok EX ok ND LO LO  ok ok ok ok  ok ok ok EX  EX ND ok EX ok ok ND
c40                c40       f          ok ok ok EX ok ND LO LO  ok ok ok ok  ok ok ok EX  EX ND ok EX ok ok ND
c41                c41       -          LO LO LO EX LO LO LO LO  LO ok LO ok  ok LO ok EX  EX ND ok EX ok ok ND
"#,
    },
    // A link whose text is not UTF-8: a text of bytes, which only the host can make.
    Section {
        name: "bytes",
        tree: "f d/ lb->d/<FF>/x",
        rows: r#"
# path             entry     target     rd wr cr ex tr di nf cn  st ls ti lt  rl ha lh ht  mk rm un sy mf mt md
lb                 lb        -          NE NE NE EX NE NE LO LO  NE ok NE ok  IL NE ok EX  EX ND ok EX ok ok ND
lb/x               -         -          NE NE NE NE NE NE NE NE  NE NE NE NE  NE NE NE NE  NE NE NE NE NE NE NE
"#,
    },
];
