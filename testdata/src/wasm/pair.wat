;; A component within a component, with core modules in both, one of them used twice.
(component $pair
  (type $unary (func (param "value" u32) (result u32)))
  (import "scale" (func $scale (type $unary)))

  (component $inner
    (core module $arithmetic
      (memory (export "memory") 1)
      (func $triple (export "triple") (param i32) (result i32)
        (i32.mul (local.get 0) (i32.const 3)))
      (data (i32.const 8) "of the inner module"))
    (core instance $arithmetic (instantiate $arithmetic))
    (func (export "triple") (param "value" u32) (result u32)
      (canon lift (core func $arithmetic "triple"))))

  (core module $outer
    (import "host" "scale" (func $scale (param i32) (result i32)))
    (import "host" "triple" (func $triple (param i32) (result i32)))
    (func $both (export "both") (param i32) (result i32)
      (call $triple (call $scale (local.get 0)))))

  (core module $unused
    (func $nothing (result i32) (i32.const 42)))

  (instance $inner (instantiate $inner))
  (alias export $inner "triple" (func $triple))
  (core func $lowered_scale (canon lower (func $scale)))
  (core func $lowered_triple (canon lower (func $triple)))
  (core instance $host (export "scale" (func $lowered_scale)) (export "triple" (func $lowered_triple)))
  (core instance $outer (instantiate $outer (with "host" (instance $host))))
  (core instance $again (instantiate $outer (with "host" (instance $host))))
  (func (export "both") (param "value" u32) (result u32)
    (canon lift (core func $outer "both")))
  (func (export "both-again") (param "value" u32) (result u32)
    (canon lift (core func $again "both")))
)
