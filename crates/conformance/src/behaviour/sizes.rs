//! Setting the size of a file.

use crate::Check;
use crate::stage::{ATTRIBUTES, READ, Stage, WRITE, read};

cases! { "sizes";
    "smaller cuts", "File::set_size" => smaller;
    "larger adds zeros", "File::set_size" => larger;
    "cut and grown again, what was cut is zeros", "File::set_size" => cut_and_grow;
    "the same size changes nothing", "File::set_size" => same_size;
    "without the right is a bad descriptor", "File::set_size" => no_right;
    "above i64::MAX is invalid", "File::set_size" => too_large;
    "a size that no disk holds is sparse or refused", "File::set_size" => huge;
    "every handle and stat sees it", "File::set_size" => seen;
}

fn smaller(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "0123456789")?;
    fine!(file.set_size(4));
    same!(fine!(stage.content("f")), b"0123");
    fine!(file.set_size(0));
    same!(fine!(stage.content("f")), b"");
    Ok(())
}

fn larger(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "ab")?;
    fine!(file.set_size(5));
    same!(fine!(stage.content("f")), b"ab\0\0\0");
    Ok(())
}

fn cut_and_grow(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "0123456789")?;
    fine!(file.set_size(2));
    fine!(file.set_size(6));
    same!(fine!(stage.content("f")), b"01\0\0\0\0");
    Ok(())
}

fn same_size(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "text")?;
    fine!(file.set_size(4));
    same!(fine!(stage.content("f")), b"text");
    Ok(())
}

fn no_right(stage: &Stage<'_>) -> Check {
    stage.file("f", "text")?;
    for how in [READ, ATTRIBUTES] {
        let file = fine!(stage.open("f", how));
        for size in [0, 4, 100] {
            refused!(file.set_size(size), BadDescriptor);
        }
    }
    same!(fine!(stage.content("f")), b"text");
    Ok(())
}

fn too_large(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "text")?;
    for size in [1 << 63, u64::MAX] {
        refused!(file.set_size(size), Invalid);
    }
    same!(fine!(stage.content("f")), b"text");
    Ok(())
}

fn huge(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "text")?;
    for size in [1 << 40, 1 << 60, i64::MAX as u64] {
        let set = fine_or_refused!(file.set_size(size), FileTooLarge | InsufficientSpace | Quota | Invalid);
        same!(fine!(file.stat()).size, if set.is_some() { size } else { 4 });
        same!(fine!(read(&*file, 0, 4)), b"text");
        fine!(file.set_size(4));
    }
    Ok(())
}

fn seen(stage: &Stage<'_>) -> Check {
    let file = stage.file("f", "text")?;
    let (other, attributes) = (fine!(stage.open("f", WRITE)), fine!(stage.open("f", ATTRIBUTES)));
    fine!(file.set_size(9));
    same!(fine!(other.stat()).size, 9);
    same!(fine!(attributes.stat()).size, 9);
    same!(fine!(stage.root.stat("f", callgate_system::Follow::No)).size, 9);
    Ok(())
}
