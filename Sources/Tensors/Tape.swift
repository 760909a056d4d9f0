/// A record of one forward pass, played backwards to give gradients (reverse-mode differentiation).
///
/// Made anew for every step. Used by one thread; the operations themselves use all cores.
public final class Tape {
  fileprivate var nodes: [Node] = []
  /// Parameters that are read on it.
  fileprivate var parameters: Set<ObjectIdentifier> = []
  private let keepsMoves: Bool
  /// Running statistics that have moved, in their order, where they are kept.
  public private(set) var moves: [RunningMove] = []

  /// - Parameter keepsMoves: whether `moves` are kept.
  public init(keepsMoves: Bool = false) { self.keepsMoves = keepsMoves }

  /// A value whose gradient nobody asks for, such as an image. What follows from it is recorded.
  public func constant(_ value: Tensor) -> Variable { Variable(value, tape: self, node: nil) }

  /// A value whose gradient can be read from `Variable.gradient` after `backward`.
  public func variable(_ value: Tensor) -> Variable {
    Variable(value, tape: self, node: append(Node(backward: nil)))
  }

  /// Computes the gradient of `loss`, a single number, with respect to everything it depends on,
  /// and adds the parameters' share to `Parameter.gradient`. Forgets the recording.
  ///
  /// - Parameter isFinal: told of each parameter that was read here as soon as its gradient has all of its
  ///   share.
  public func backward(_ loss: Variable, isFinal: ((Parameter) -> Void)? = nil) {
    precondition(loss.value.count == 1, "a loss is one number, not shape \(loss.value.shape)")
    guard let start = loss.node else { return }
    start.gradient = Tensor(loss.value.shape, [1])
    for node in nodes.reversed() {
      guard let backward = node.backward else { continue }
      // Freed as soon as it is used, so that memory falls while the pass goes back.
      if let gradient = node.gradient { backward(gradient) }
      node.gradient = nil
      node.backward = nil
      if let parameter = node.firstOf { isFinal?(parameter) }
    }
    nodes.removeAll()
  }

  /// Whether a trained parameter is read on it.
  public func reads(_ parameter: Parameter) -> Bool {
    parameters.contains(ObjectIdentifier(parameter))
  }

  /// Moves a running statistic by that of a batch.
  ///
  /// - Parameter share: how much of the statistic stays.
  public func move(_ statistic: Parameter, toward batch: Tensor, keeping share: Float) {
    let move = RunningMove(statistic: statistic, batch: batch, keeping: share)
    move.apply()
    if keepsMoves { moves.append(move) }
  }

  @discardableResult
  fileprivate func append(_ node: Node) -> Node {
    nodes.append(node)
    return node
  }

  fileprivate final class Node {
    var gradient: Tensor?
    var backward: ((Tensor) -> Void)?
    /// The parameter that is read here for the first time; going back, for the last.
    var firstOf: Parameter?

    init(backward: ((Tensor) -> Void)?) { self.backward = backward }
  }
}

/// A tensor in a computation; on a tape, the operations on it are recorded.
///
/// Layers that were folded in bfloat16 give one that is kept so; what has no way of its own with that
/// reads its `value`.
public struct Variable {
  private let stored: TensorValue
  /// The recording this value belongs to; nil when nothing is recorded (inference).
  public let tape: Tape?
  fileprivate let node: Tape.Node?

  /// A value outside any recording.
  public init(_ value: Tensor) { self.init(value, tape: nil, node: nil) }

  /// A value in bfloat16, outside any recording.
  package init(_ rounded: RoundedTensor) {
    (stored, tape, node) = (.bfloat16(rounded), nil, nil)
  }

  /// A value of either precision, outside any recording.
  package init(_ stored: TensorValue) { (self.stored, tape, node) = (stored, nil, nil) }

  fileprivate init(_ value: Tensor, tape: Tape?, node: Tape.Node?) {
    stored = .float32(value)
    self.tape = tape
    self.node = node
  }

  /// In float32; made anew each time of what is kept in bfloat16.
  public var value: Tensor {
    switch stored {
    case .float32(let value): value
    case .bfloat16(let rounded): rounded.tensor
    }
  }

  /// As it is kept; nothing of a tape.
  package var kept: TensorValue { stored }

  /// What is kept in bfloat16; nil of float32.
  package var ifRounded: RoundedTensor? {
    if case .bfloat16(let rounded) = stored { rounded } else { nil }
  }

  /// In bfloat16, rounded where it is not kept so.
  package var rounded: RoundedTensor { ifRounded ?? RoundedTensor(value) }

  public var shape: [Int] {
    switch stored {
    case .float32(let value): value.shape
    case .bfloat16(let rounded): rounded.shape
    }
  }

  /// Whether a gradient is wanted for this value.
  public var needsGradient: Bool { node != nil }

  /// The gradient that `Tape.backward` left at a `Tape.variable`.
  public var gradient: Tensor? { node?.gradient }

  /// The same value, with no gradient flowing back through it.
  public var detached: Variable { Variable(value, tape: tape, node: nil) }

  /// Adds to the gradient of this value; for the backward halves of operations.
  public func accumulate(_ gradient: @autoclosure () -> Tensor) {
    guard let node else { return }
    let gradient = gradient()
    precondition(gradient.shape == value.shape, "gradient \(gradient.shape) of \(value.shape)")
    if node.gradient == nil { node.gradient = gradient } else { node.gradient! += gradient }
  }

  /// The result of an operation on `inputs`. `backward` receives the gradient of the result and
  /// passes it on with `accumulate`; it is kept only when one of the inputs needs it.
  public static func result(
    _ value: Tensor, of inputs: [Variable], backward: @escaping (Tensor) -> Void
  ) -> Variable {
    let tape = inputs.lazy.compactMap(\.tape).first
    guard let tape, inputs.contains(where: \.needsGradient) else {
      return Variable(value, tape: tape, node: nil)
    }
    return Variable(value, tape: tape, node: tape.append(Tape.Node(backward: backward)))
  }
}

/// A learned tensor with a name, as in a checkpoint.
///
/// Written only by loading and by the optimiser between steps; read by any number of threads.
public final class Parameter: @unchecked Sendable {
  public let name: String
  public var value: Tensor
  /// Whether the optimiser changes it.
  public var isTrained: Bool
  /// What the optimiser multiplies its rate by for this parameter, 0 or more.
  public var rateFactor: Float = 1
  /// Whether L2 decay applies: to kernels, not to biases and norms (paper's configuration).
  public let decays: Bool
  /// Summed over the backward passes since the optimiser last took it.
  public var gradient: Tensor?

  public init(_ name: String, _ value: Tensor, isTrained: Bool = true, decays: Bool = true) {
    self.name = name
    self.value = value
    self.isTrained = isTrained
    self.decays = decays
  }

  /// The value as it enters a computation on `tape`; without one, or untrained, a constant.
  public func callAsFunction(on tape: Tape?) -> Variable {
    guard let tape else { return Variable(value) }
    guard isTrained else { return tape.constant(value) }
    let leaf = Variable(
      value, tape: tape,
      node: Tape.Node(backward: { [self] gradient in
        if self.gradient == nil { self.gradient = gradient } else { self.gradient! += gradient }
      }))
    tape.append(leaf.node!)
    if tape.parameters.insert(ObjectIdentifier(self)).inserted { leaf.node!.firstOf = self }
    return leaf
  }
}
