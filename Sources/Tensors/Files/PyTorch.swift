import Foundation
import Support

/// Files that torch.save wrote: a zip file since PyTorch 1.6, a row of pickles before. Also a pickle of
/// NumPy arrays by name, as detectron2 publishes detectors.
enum PyTorch {
  /// The tensors of the state dictionary in a file.
  ///
  /// - Throws: `InputError` for other files, damaged ones, and ones that ask for more than tensors.
  static func tensors(in bytes: Data, path: String) throws(InputError) -> [String: StoredTensor] {
    if bytes.starts(with: Data("PK".utf8)) { return try zipTensors(in: bytes, path: path) }
    if bytes.first == 0x80 { return try legacyTensors(in: bytes, path: path) }
    let isTar = bytes.count > 262 && bytes[257..<262].elementsEqual("ustar".utf8)
    throw InputError(
      .badData, isTar ? "PyTorch's tar files are not read" : "not a PyTorch file", at: path,
      expected: "a file that torch.save wrote",
      hint: isTar ? "load it with PyTorch and save it again" : nil)
  }

  /// NAME/data.pkl names storages, which are the entries NAME/data/KEY.
  private static func zipTensors(
    in bytes: Data, path: String
  ) throws(InputError) -> [String: StoredTensor] {
    let archive = try ZipArchive(bytes, path: path)
    try refuseTorchScript(archive, path: path)
    try archive.requirePlain()
    let entries = archive.entries
    let pickles = entries.keys.filter { $0.hasSuffix("/data.pkl") }
    guard pickles.count == 1, let range = entries[pickles[0]] else {
      throw InputError(.badData, "a zip file, but not one that torch.save wrote", at: path)
    }
    let folder = pickles[0].dropLast("data.pkl".count)
    if let order = entries["\(folder)byteorder"], !bytes[order].elementsEqual("little".utf8) {
      throw InputError(.badData, "the file comes from a big-endian machine", at: path)
    }
    var reader = ByteReader(bytes, range, path: path)
    let pickle = try Unpickler.read(&reader)
    var places: [String: Int] = [:]
    for (key, storage) in pickle.storages {
      guard let range = entries["\(folder)data/\(key)"] else {
        throw InputError(.badData, "storage '\(shown(key))' is missing", at: path)
      }
      let size = storage.count.multipliedReportingOverflow(by: storage.type.size)
      guard size == (range.count, false) else {
        throw InputError(
          .badData, "storage '\(shown(key))' has the wrong size", at: path,
          expected: "\(storage.count.counted("element")) of \(storage.type.rawValue)",
          got: range.count.counted("byte"))
      }
      places[key] = range.lowerBound
    }
    return try place(pickle, at: places, path: path)
  }

  /// TorchScript's archives, which torch.jit.save writes, hold a program: NAME/code/ and
  /// NAME/constants.pkl. OpenAI publishes CLIP so.
  private static func refuseTorchScript(
    _ archive: ZipArchive, path: String
  ) throws(InputError) {
    let names = archive.packed.union(archive.entries.keys)
    let isProgram = names.contains {
      let parts = $0.split(separator: "/", maxSplits: 2)
      return parts.count == 3 && parts[1] == "code"
    }
    guard isProgram else { return }
    throw InputError(
      .badData, "a TorchScript archive, which is a program with weights", at: path,
      expected: "weights alone: safetensors, or a state dictionary that torch.save wrote",
      hint: "OpenAI's CLIP is on Hugging Face as a folder, such as openai/clip-vit-base-patch32")
  }

  /// Pickles of a magic number, a version, the machine, the tensors and the storages' keys; then
  /// each storage, its count first. Or one pickle, of arrays.
  private static func legacyTensors(
    in bytes: Data, path: String
  ) throws(InputError) -> [String: StoredTensor] {
    var reader = ByteReader(bytes, 0..<bytes.count, path: path)
    let magic = Data([0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19])
    let first = try Unpickler.read(&reader)
    if !first.tensors.isEmpty { return try place(first, at: [:], path: path) }
    guard case .bytes(let range) = first.root, bytes.subdata(in: range) == magic,
      case .integer(1001) = try Unpickler.read(&reader).root
    else { throw InputError(.badData, "a pickle, but not one that torch.save wrote", at: path) }
    let machine = try Unpickler.read(&reader)
    if case .dictionary(let facts) = machine.root,
      case .boolean(false)? = machine.value(of: "little_endian", in: facts)
    {
      throw InputError(.badData, "the file comes from a big-endian machine", at: path)
    }
    let pickle = try Unpickler.read(&reader)
    let keys = try Unpickler.read(&reader)
    var places: [String: Int] = [:]
    for key in keys.values(keys.root) ?? [] {
      guard case .text(let key) = key, let storage = pickle.storages[key], places[key] == nil else {
        throw InputError(.badData, "the list of storages is damaged", at: path)
      }
      let stored = try reader.integer(Int64.self)
      guard stored == storage.count else {
        throw InputError(
          .badData, "storage '\(shown(key))' has the wrong size", at: path,
          expected: storage.count.counted("element"), got: "\(stored)")
      }
      let size = storage.count.multipliedReportingOverflow(by: storage.type.size)
      places[key] = try reader.take(size.overflow ? .max : size.partialValue).lowerBound
    }
    return try place(pickle, at: places, path: path)
  }

  /// - Parameter places: of the storages, in bytes; every one of them lies wholly in the file.
  private static func place(
    _ pickle: Pickle, at places: [String: Int], path: String
  ) throws(InputError) -> [String: StoredTensor] {
    var tensors: [String: StoredTensor] = [:]
    for (name, tensor) in try pickle.stateDictionary(path: path) {
      let storage = tensor.storage
      guard let place = storage.place?.lowerBound ?? places[storage.key] else {
        throw InputError(.badData, "storage '\(shown(storage.key))' is missing", at: path)
      }
      tensors[name] = StoredTensor(
        storage.type, tensor.shape, strides: tensor.strides, first: tensor.first,
        place: place + storage.first * storage.type.size, elements: storage.count)
      guard tensors[name] != nil else {
        throw InputError(
          .badData, "tensor '\(shown(name))' lies outside of its storage", at: path,
          expected: "within \(storage.count.counted("element"))",
          got: "shape \(tensor.shape), strides \(tensor.strides), offset \(tensor.first)")
      }
    }
    return tensors
  }
}
