public import Support
public import Tensors

/// The state of a training run in one safetensors file: parameters, optimiser, step and recipe.
///
/// Replaced as a whole, so that a kill leaves the previous one.
public struct Checkpoint {
  /// Steps done.
  public let step: Int
  public let metadata: [String: String]
  private let file: SafeTensorsFile

  private static let formatVersion = "2"

  /// - Parameters:
  ///   - kind: what was trained, "student" or "proposal network".
  ///   - remedy: what to do about a damaged one, as errors say it.
  /// - Throws: `InputError` when the file is damaged or of another kind.
  public init(
    path: String, kind: String, remedy: String = "remove the file, and train again"
  ) throws(InputError) {
    file = try SafeTensorsFile(own: path, remedy: remedy)
    metadata = file.metadata
    guard metadata["format"] == "vild-\(kind)" else {
      throw InputError(
        .badData, "not the checkpoint of a \(kind)", at: path, expected: "format vild-\(kind)",
        got: metadata["format"] ?? "none")
    }
    guard metadata["format_version"] == Self.formatVersion else {
      throw InputError(
        .badData, "a checkpoint of another version", at: path, expected: Self.formatVersion,
        got: metadata["format_version"] ?? "none", hint: remedy)
    }
    guard let step = metadata["step"].flatMap(Int.init), step >= 0 else {
      throw InputError(
        .badData, "no number of steps", at: path, expected: "metadata 'step'",
        got: metadata["step"] ?? "none")
    }
    self.step = step
  }

  /// Whether it holds the optimiser's state, to go on from.
  public var isOfTraining: Bool { file.names.contains { $0.hasPrefix("optimizer.") } }

  /// Puts what training would end with now into `parameters`: their averages where there are any.
  ///
  /// - Throws: `InputError` naming a missing, extra or misshapen tensor.
  public func restoreResult(_ parameters: [Parameter]) throws(InputError) {
    try restore(parameters)
    guard file.names.contains(where: { $0.hasPrefix("average.") }) else { return }
    for parameter in parameters { parameter.value = try average(of: parameter) }
  }

  /// Puts the stored values into `parameters`.
  ///
  /// - Throws: `InputError` naming a missing, extra or misshapen tensor.
  public func restore(_ parameters: [Parameter]) throws(InputError) {
    let known = Set(parameters.map { "model.\($0.name)" })
    if let extra = file.names.first(where: { $0.hasPrefix("model.") && !known.contains($0) }) {
      throw InputError(
        .badData, "tensor '\(extra)' is not part of this model", at: file.path,
        hint: "the checkpoint belongs to another configuration")
    }
    for parameter in parameters {
      parameter.value = try file.tensor("model.\(parameter.name)", shape: parameter.value.shape)
    }
  }

  /// Puts the stored state into `optimizer`.
  public func restore(_ optimizer: any Optimizer) throws(InputError) {
    var state = [(name: String, value: Tensor)]()
    for name in file.names where name.hasPrefix("optimizer.") {
      state.append((String(name.dropFirst("optimizer.".count)), try file.tensor(name)))
    }
    do {
      try optimizer.restore(state)
    } catch {
      var error = error
      error.place = file.path
      throw error
    }
  }

  /// The stored moving average of a parameter.
  func average(of parameter: Parameter) throws(InputError) -> Tensor {
    try file.tensor("average.\(parameter.name)", shape: parameter.value.shape)
  }

  /// Writes a checkpoint; without an optimiser it serves inference only.
  ///
  /// - Parameter average: the parameters' moving averages under their names.
  public static func write(
    _ parameters: [Parameter], optimizer: (any Optimizer)?,
    average: [(name: String, value: Tensor)] = [],
    kind: String, step: Int, metadata: [String: String], to path: String
  ) throws(InputError) {
    var tensors = parameters.map { (name: "model.\($0.name)", value: $0.value) }
    for (name, value) in optimizer?.state ?? [] { tensors.append(("optimizer.\(name)", value)) }
    for (name, value) in average { tensors.append(("average.\(name)", value)) }
    var metadata = metadata
    metadata["format"] = "vild-\(kind)"
    metadata["format_version"] = formatVersion
    metadata["step"] = String(step)
    try SafeTensorsFile.write(tensors, metadata: metadata, to: path)
  }
}
