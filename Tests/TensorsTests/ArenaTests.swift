import Support
import Tensors
import TestSupport
import Testing

/// Where the memory of large tensors comes from. Each test in a process of its own: what is counted
/// are all tensors of a process.
@Suite struct ArenaTests {
  /// Tensors of many sizes come and go in any order, on several threads; each keeps what was
  /// written into it.
  @Test func blocksNeverOverlap() async {
    await #expect(processExitsWith: .success) {
      Parallel.items(4) { thread in
        var generator = SeededGenerator(seed: UInt64(thread))
        var held: [(tensor: Tensor, mark: Float)] = []
        for round in 0..<2000 {
          if held.count > 20 || (!held.isEmpty && generator.nextUniform() < 0.4) {
            let (tensor, mark) = held.remove(at: Int.random(in: held.indices, using: &generator))
            #expect(tensor.array.allSatisfy { $0 == mark })
          } else {
            let count = Int.random(in: 1...100_000, using: &generator)
            let mark = Float(thread * 10_000 + round)
            held.append((Tensor([count], Array(repeating: mark, count: count)), mark))
          }
        }
        for (tensor, mark) in held { #expect(tensor.array.allSatisfy { $0 == mark }) }
      }
    }
  }

  /// Freed neighbours are joined: what a hundred small tensors took serves a large one.
  @Test func freedNeighboursServeLargerTensors() async {
    await #expect(processExitsWith: .success) {
      var small = (0..<100).map { _ in Tensor(zeros: [1 << 16]) }
      let held = TensorMemory.held
      #expect(held >= 100 << 18)
      // In an order that leaves gaps of all kinds.
      for step in [2, 3, 1] {
        for index in stride(from: small.count - 1, through: 0, by: -step) {
          small.remove(at: index)
        }
      }
      #expect(small.isEmpty)
      let large = Tensor(zeros: [100 << 16])
      #expect(TensorMemory.held == held && large.count == 100 << 16)
    }
  }

  /// The sizes of a step differ from those of the one before, and still nothing fresh is needed.
  @Test func stepsOfOtherSizesNeedNoFreshPages() async {
    await #expect(processExitsWith: .success) {
      func step(_ scale: Int) {
        // Forward: all results are kept; backward: they go in the opposite order.
        var results = (1...30).map { Tensor(zeros: [$0 * scale]) }
        while let last = results.popLast() { _ = last + last }
      }
      step(10_000)
      let held = TensorMemory.held
      let before = ProcessUsage.now.freshPages
      for scale in [9_999, 7_123, 9_001, 5_555] { step(scale) }
      #expect(ProcessUsage.now.freshPages - before < 100)
      #expect(TensorMemory.held == held)
      #expect(Double(held) < 1.1 * Double(TensorMemory.peak))
    }
  }

  /// More than any machine has: refused in a line, before the system gives pages that are not there.
  @Test func aTensorWithoutAPlaceEndsTheProcessInALine() async throws {
    let end = try await #require(
      processExitsWith: .exitCode(75), observing: [\.standardErrorContent]
    ) {
      _ = Tensor(zeros: [1 << 40])
    }
    let text = String(decoding: end.standardErrorContent, as: UTF8.self)
    #expect(
      text.contains(
        "vild: there is too little memory: a tensor of 4194304 MiB has no place beside the "),
      "\(text)")
  }
}
