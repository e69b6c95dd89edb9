;; A section of each kind, and what was added to WebAssembly after its first version.
(module $features
  (type $point (struct (field $x i32) (field $y (mut f64))))
  (type $points (array (mut (ref null $point))))
  (rec
    (type $leaf (sub (struct (field i32))))
    (type $branch (sub $leaf (struct (field i32) (field (ref null $leaf)))))
  )
  (type $unary (func (param i32) (result i32)))

  (import "host" "log" (func $log (param i32)))
  (import "host" "limit" (global $limit i32))
  (import "host" "alarm" (tag $alarm (param i32)))

  (table $calls 4 8 funcref)
  (memory $main 1 4)
  (memory $second 1)
  (tag $overflow (param i32))
  (global $count (mut i32) (i32.const 0))
  (global $origin (ref $point) (struct.new $point (i32.const 1) (f64.const 2)))

  (export "run" (func $run))
  (export "memory" (memory $main))
  (start $prepare)
  (elem $table (table $calls) (i32.const 0) func $double $add_lanes)
  (elem $passive funcref (ref.func $run))
  (elem declare func $walk)

  (func $prepare
    (memory.init $greeting (i32.const 64) (i32.const 0) (i32.const 5))
    (data.drop $greeting)
    (memory.fill $second (i32.const 0) (i32.const 7) (i32.const 32)))

  (func $double (type $unary) (param $value i32) (result i32)
    (i32.mul (local.get $value) (i32.const 2)))

  (func $add_lanes (type $unary) (param $value i32) (result i32)
    (i32x4.extract_lane 2
      (i32x4.add (i32x4.splat (local.get $value)) (v128.const i32x4 1 2 3 4))))

  (func $walk (param $leaf (ref null $leaf)) (result i32)
    (block $other (result (ref null $leaf))
      (br_on_cast_fail $other (ref null $leaf) (ref $branch) (local.get $leaf))
      (return_call $walk (struct.get $branch 1)))
    drop
    (i32.const 0))

  (func $run (param $value i32) (result i32)
    (local $points (ref null $points))
    (local.set $points (array.new_default $points (i32.const 3)))
    (array.set $points (local.get $points) (i32.const 0) (global.get $origin))
    (call $log (array.len (local.get $points)))
    (block $caught (result i32)
      (try_table (catch $overflow $caught) (catch $alarm $caught)
        (if (i32.gt_u (local.get $value) (global.get $limit))
          (then (throw $overflow (local.get $value)))))
      (global.set $count (i32.add (global.get $count) (i32.const 1)))
      (call_indirect $calls (type $unary) (local.get $value) (i32.const 0)))
  )

  (data $numbers (memory $main) (i32.const 16) "\01\00\00\00\02\00\00\00\03\00\00\00")
  (data $greeting "hello")
  (data $elsewhere (memory $second) (i32.const 128) "in the second memory")
  (@custom "notes" (after data) "a section that no tool knows")
  (@producers (language "wat" "1.0") (processed-by "bloat" "fixtures"))
)
