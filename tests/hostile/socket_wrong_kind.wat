;; Passes the handle of the network where a TCP socket belongs.
(component
  (import "wasi:sockets/network@0.2.0" (instance $network
    (export "network" (type (sub resource)))))
  (alias export $network "network" (type $net))
  (import "wasi:sockets/tcp@0.2.0" (instance $tcp
    (export "tcp-socket" (type $socket (sub resource)))
    (export "[method]tcp-socket.is-listening" (func (param "self" (borrow $socket)) (result bool)))))
  (alias export $tcp "tcp-socket" (type $tcp-socket))
  (import "wasi:sockets/instance-network@0.2.0" (instance $instance-network
    (alias outer 1 $net (type $n))
    (export "network" (type $network (eq $n)))
    (export "instance-network" (func (result (own $network))))))
  (core func $get (canon lower (func $instance-network "instance-network")))
  (core func $is-listening (canon lower (func $tcp "[method]tcp-socket.is-listening")))
  (core module $program
    (import "host" "get" (func $get (result i32)))
    (import "host" "is-listening" (func $is-listening (param i32) (result i32)))
    (func (export "run") (result i32)
      (drop (call $is-listening (call $get)))
      (i32.const 0)))
  (core instance $program (instantiate $program
    (with "host" (instance
      (export "get" (func $get))
      (export "is-listening" (func $is-listening))))))
  (func $run (result (result)) (canon lift (core func $program "run")))
  (instance $command (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $command)))
