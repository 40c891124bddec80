;; Closes a handle twice: the second time there is no such handle.
(component
  (import "wasi:io/streams@0.2.0" (instance $streams
    (export "output-stream" (type $out (sub resource)))
    (export "input-stream" (type $in (sub resource)))))
  (alias export $streams "output-stream" (type $output-stream))
  (alias export $streams "input-stream" (type $input-stream))
  (import "wasi:cli/stdout@0.2.0" (instance $stdout
    (alias outer 1 $output-stream (type $t))
    (export "output-stream" (type $out (eq $t)))
    (export "get-stdout" (func (result (own $out))))))
  (core func $get-stdout (canon lower (func $stdout "get-stdout")))
  (core func $drop (canon resource.drop $output-stream))
  (core module $program
    (import "host" "get-stdout" (func $get-stdout (result i32)))
    (import "host" "drop" (func $drop (param i32)))
    (func (export "run") (result i32) (local $handle i32)
      (local.set $handle (call $get-stdout))
      (call $drop (local.get $handle))
      (call $drop (local.get $handle))
      (i32.const 0)))
  (core instance $program (instantiate $program
    (with "host" (instance
      (export "get-stdout" (func $get-stdout))
      (export "drop" (func $drop))))))
  (func $run (result (result)) (canon lift (core func $program "run")))
  (instance $command (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $command)))
