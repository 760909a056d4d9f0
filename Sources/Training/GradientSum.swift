import Ranks
import Support
import Tensors

/// Adds the gradients of all ranks, those that are final while others are still being computed.
///
/// Small ones are packed into buckets. Going back, the last parameters are final first, so the first bucket
/// has those; buckets go in a fixed order, the same on each rank.
final class GradientSum {
  /// Numbers in a bucket, 4 MiB.
  private static let room = 1 << 20

  private let ranks: Ranks
  private let buckets: [Bucket]
  private let bucketOf: [ObjectIdentifier: Int]
  /// Parameters of each bucket that are not final.
  private var open: [Int] = []
  private var final: Set<ObjectIdentifier> = []
  /// The first bucket that has not gone yet.
  private var next = 0

  /// - Parameter parameters: that are trained, in the same order on each rank.
  init(_ parameters: [Parameter], of ranks: Ranks) {
    self.ranks = ranks
    var buckets: [[Parameter]] = []
    var size = Int.max
    for parameter in ranks.isAlone ? [] : parameters.reversed() {
      size = size == .max ? .max : size + parameter.value.count
      if size > Self.room {
        buckets.append([])
        size = parameter.value.count
      }
      buckets[buckets.count - 1].append(parameter)
    }
    self.buckets = buckets.map(Bucket.init)
    bucketOf = Dictionary(
      uniqueKeysWithValues: buckets.enumerated().flatMap { at, parameters in
        parameters.map { (ObjectIdentifier($0), at) }
      })
  }

  /// To be called before the last backward pass of a step.
  ///
  /// - Parameter tape: of that pass; nil where it has none.
  func begin(with tape: Tape?) {
    open = buckets.map(\.parameters.count)
    (final, next) = ([], 0)
    for parameter in buckets.flatMap(\.parameters) where tape?.reads(parameter) != true {
      isFinal(parameter)
    }
  }

  /// The gradient of a parameter has all that this rank adds to it.
  func isFinal(_ parameter: Parameter) {
    let name = ObjectIdentifier(parameter)
    guard let at = bucketOf[name], final.insert(name).inserted else { return }
    open[at] -= 1
    while next < buckets.count, open[next] == 0 {
      let bucket = buckets[next]
      ranks.begin { transport throws(InputError) in try bucket.sum(by: transport) }
      next += 1
    }
  }

  /// Waits until each parameter has the sum; one that no rank has a gradient for has none.
  func finish(patience: Int?) throws(InputError) {
    for parameter in buckets.flatMap(\.parameters) { isFinal(parameter) }
    try ranks.settle(patience: patience)
  }

  /// Some parameters whose gradients go together.
  private final class Bucket: @unchecked Sendable {
    let parameters: [Parameter]

    init(_ parameters: [Parameter]) { self.parameters = parameters }

    /// Behind the gradients goes how many ranks have each. To be called when they are final, by the thread
    /// that speaks with the other ranks: nobody else touches them until `finish` has returned.
    func sum(by transport: any RankTransport) throws(InputError) {
      var owners = parameters.map { $0.gradient == nil ? Float(0) : 1 }
      for parameter in parameters where parameter.gradient == nil {
        parameter.gradient = Tensor(zeros: parameter.value.shape)
      }
      if parameters.count == 1 {
        try parameters[0].gradient!.summed(by: transport)
        try owners.summed(by: transport)
      } else {
        var packed: [Float] = []
        packed.reserveCapacity(parameters.reduce(owners.count) { $0 + $1.value.count })
        for parameter in parameters {
          parameter.gradient!.withElements { packed.append(contentsOf: $0) }
        }
        packed += owners
        try packed.summed(by: transport)
        var at = 0
        for parameter in parameters {
          let count = parameter.value.count
          parameter.gradient!.withMutableElements { gradient in
            _ = gradient.update(fromContentsOf: packed[at..<at + count])
          }
          at += count
        }
        owners = Array(packed[at...])
      }
      for (parameter, count) in zip(parameters, owners) where count == 0 {
        parameter.gradient = nil
      }
    }
  }
}

extension Tensor {
  fileprivate mutating func summed(by transport: any RankTransport) throws(InputError) {
    var failure: InputError?
    withMutableElements { values in
      do throws(InputError) { try transport.sum(values) } catch { failure = error }
    }
    if let failure { throw failure }
  }
}

extension [Float] {
  fileprivate mutating func summed(by transport: any RankTransport) throws(InputError) {
    var failure: InputError?
    withUnsafeMutableBufferPointer { values in
      do throws(InputError) { try transport.sum(values) } catch { failure = error }
    }
    if let failure { throw failure }
  }
}
