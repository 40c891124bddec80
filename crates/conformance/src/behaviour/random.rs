//! Random bytes.

use crate::Check;
use crate::stage::Stage;

cases! { "random";
    "two readings differ", "Random::fill" => differ;
    "nothing is filled with nothing", "Random::fill" => nothing;
    "all of a megabyte is filled", "Random::fill" => megabyte;
    "every length is filled to its last byte", "Random::fill" => lengths;
}

fn differ(stage: &Stage<'_>) -> Check {
    let (mut first, mut second) = ([0; 32], [0; 32]);
    fine!(stage.system.random().fill(&mut first));
    fine!(stage.system.random().fill(&mut second));
    holds!(first != second && first != [0; 32]);
    Ok(())
}

fn nothing(stage: &Stage<'_>) -> Check {
    fine!(stage.system.random().fill(&mut []));
    Ok(())
}

fn megabyte(stage: &Stage<'_>) -> Check {
    let mut bytes = vec![0; 1 << 20];
    fine!(stage.system.random().fill(&mut bytes));
    // 64 zeros in a row don't happen by chance.
    holds!(bytes.chunks(64).all(|chunk| chunk.iter().any(|byte| *byte != 0)));
    Ok(())
}

fn lengths(stage: &Stage<'_>) -> Check {
    for length in [1, 7, 255, 256, 257, 4097] {
        let mut last_is_set = false;
        for _ in 0..64 {
            let mut bytes = vec![0; length];
            fine!(stage.system.random().fill(&mut bytes));
            last_is_set |= bytes[length - 1] != 0;
        }
        holds!(last_is_set);
    }
    Ok(())
}
