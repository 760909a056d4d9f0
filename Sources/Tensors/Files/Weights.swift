public import Support
import Synchronization

/// Weights as people hold them: a safetensors or PyTorch file, or a published folder of one or of
/// several with an index.
///
/// Files are mapped; a tensor is read when it is asked for. Which ones were is remembered. What this
/// program wrote is compared with its checksums.
public final class Weights: TensorSource, Sendable {
  /// The folder or file that was opened.
  public let path: String
  private let opened: [TensorFile]
  /// In which of the files each tensor is.
  private let places: [String: Int]
  /// What stands before all names in the files, and is left out here.
  private let wrapping: String
  private let asked = Mutex<Set<String>>([])

  /// Opens a folder with model.safetensors or pytorch_model.bin, whole or in shards with
  /// *.index.json, or one file: .safetensors, or .pt, .pth, .bin as torch.save writes them.
  ///
  /// Where a training program wrapped the network, so that all names begin with "module.", "model."
  /// or "_orig_mod.", the names are those without.
  ///
  /// - Throws: `InputError` naming a file or tensor that is missing, or what is wrong with a file.
  public init(path: String) throws(InputError) {
    self.path = path
    let (opened, places) = try Self.open(path)
    let wrapping = Self.wrapping(of: places.keys)
    self.opened = opened
    self.wrapping = wrapping
    self.places = Dictionary(
      places.map { (String($0.key.dropFirst(wrapping.count)), $0.value) },
      uniquingKeysWith: { first, _ in first })
  }

  /// What data-parallel training, Lightning and torch.compile put before all names.
  private static func wrapping(of names: some Collection<String>) -> String {
    var found = ""
    // Three at most, one in the other.
    for _ in 0..<3 where !names.isEmpty {
      let longer = ["module.", "model.", "_orig_mod."].map { found + $0 }
      guard let next = longer.first(where: { word in names.allSatisfy { $0.hasPrefix(word) } })
      else { break }
      found = next
    }
    return found
  }

  /// The paths of the files that hold the tensors.
  public var files: [String] { opened.map(\.path) }

  /// The names of all tensors, sorted.
  public var names: [String] { places.keys.sorted() }

  /// Whether a tensor of this name is there.
  public func contains(_ name: String) -> Bool { places[name] != nil }

  /// The shape of a tensor; nil when there is none of that name.
  public func shape(of name: String) -> [Int]? { stored(name)?.shape }

  /// The stored type of a tensor; nil when there is none of that name.
  public func type(of name: String) -> StoredType? { stored(name)?.type }

  private func stored(_ name: String) -> StoredTensor? {
    places[name].flatMap { opened[$0].tensors[wrapping + name] }
  }

  /// The number of elements of all floating-point tensors.
  public var parameterCount: Int {
    places.keys.compactMap(stored).reduce(0) { $0 + ($1.type.isFloatingPoint ? $1.count : 0) }
  }

  /// The types of the floating-point tensors, the one of most elements first.
  public var parameterTypes: [StoredType] {
    var counts: [StoredType: Int] = [:]
    for tensor in places.keys.compactMap(stored) where tensor.type.isFloatingPoint {
      counts[tensor.type, default: 0] += tensor.count
    }
    return counts.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }.map(\.key)
  }

  /// A floating-point tensor as float32, finite.
  ///
  /// - Parameter shape: what the shape must be; any when nil.
  /// - Throws: `InputError` (`badData`) naming the file, the tensor and both shapes, also for an
  ///   element that is not finite.
  public func tensor(_ name: String, shape: [Int]? = nil) throws(InputError) -> Tensor {
    try file(of: name).tensor(wrapping + name, shape: shape)
  }

  /// An integer tensor in row-major order.
  ///
  /// - Throws: `InputError` (`badData`) naming the file and the tensor.
  public func integers(_ name: String) throws(InputError) -> [Int] {
    try file(of: name).integers(wrapping + name)
  }

  private func file(of name: String) throws(InputError) -> TensorFile {
    guard let place = places[name] else {
      throw .noTensor(name, at: path, among: Array(places.keys))
    }
    asked.withLock { _ = $0.insert(name) }
    return opened[place]
  }

  /// Checks that the network asked for every tensor: one that is left over belongs to another.
  ///
  /// - Parameter isExpected: tensors that may be left over, such as counters of training.
  /// - Throws: `InputError` (`badData`) naming the first of them, and how many there are.
  public func requireAllRead(
    except isExpected: (String) -> Bool = { _ in false }
  ) throws(InputError) {
    let asked = asked.withLock { $0 }
    let extra = names.filter { !asked.contains($0) && !isExpected($0) }
    guard let first = extra.first else { return }
    let shape = shape(of: first).map { " \($0)" } ?? ""
    let others = extra.dropFirst().prefix(2).map { ", '\(shown($0))'" }.joined()
    let more = extra.count > 3 ? " and \(extra.count - 3) more" : ""
    throw InputError(
      .badData, extra.count == 1 ? "a tensor is left over" : "\(extra.count) tensors are left over",
      at: path, expected: "only what the model has",
      got: "'\(shown(first))'\(shape)\(others)\(more)")
  }
}
