;; Creates a TCP socket of a family that there is none of.
(component
  (import "wasi:sockets/network@0.2.0" (instance $network
    (type $codes (enum
      "unknown" "access-denied" "not-supported" "invalid-argument" "out-of-memory" "timeout" "concurrency-conflict"
      "not-in-progress" "would-block" "invalid-state" "new-socket-limit" "address-not-bindable" "address-in-use"
      "remote-unreachable" "connection-refused" "connection-reset" "connection-aborted" "datagram-too-large"
      "name-unresolvable" "temporary-resolver-failure" "permanent-resolver-failure"))
    (export "error-code" (type (eq $codes)))
    (type $families (enum "ipv4" "ipv6"))
    (export "ip-address-family" (type (eq $families)))))
  (alias export $network "error-code" (type $error-code))
  (alias export $network "ip-address-family" (type $family))
  (import "wasi:sockets/tcp@0.2.0" (instance $tcp
    (export "tcp-socket" (type (sub resource)))))
  (alias export $tcp "tcp-socket" (type $tcp-socket))
  (import "wasi:sockets/tcp-create-socket@0.2.0" (instance $create
    (alias outer 1 $error-code (type $e))
    (export "error-code" (type $error (eq $e)))
    (alias outer 1 $family (type $f))
    (export "ip-address-family" (type $ip-address-family (eq $f)))
    (alias outer 1 $tcp-socket (type $s))
    (export "tcp-socket" (type $socket (eq $s)))
    (export "create-tcp-socket" (func (param "address-family" $ip-address-family)
      (result (result (own $socket) (error $error)))))))
  (core module $memory
    (memory (export "memory") 1))
  (core instance $memory (instantiate $memory))
  (core func $create-socket (canon lower (func $create "create-tcp-socket") (memory (core memory $memory "memory"))))
  (core module $program
    (import "host" "create" (func $create (param i32 i32)))
    (import "memory" "memory" (memory 1))
    (func (export "run") (result i32)
      (call $create (i32.const 7) (i32.const 64))
      (i32.const 0)))
  (core instance $program (instantiate $program
    (with "memory" (instance $memory))
    (with "host" (instance
      (export "create" (func $create-socket))))))
  (func $run (result (result)) (canon lift (core func $program "run")))
  (instance $command (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $command)))
