import Support

extension Pickle {
  /// The tensors of a state dictionary by name, without the "module." of a parallel model.
  ///
  /// The dictionary is the root, or stands in it under "state_dict" or the like. Names of nested
  /// dictionaries are joined with dots.
  ///
  /// - Throws: `InputError` when there are no tensors, or too many names.
  func stateDictionary(path: String) throws(InputError) -> [String: PickledTensor] {
    var named = Named()
    if case .dictionary(var number) = root {
      for _ in 0..<4 {
        guard let inner = wrapped(in: number) else { break }
        number = inner
      }
      guard collect(number, prefix: "", depth: 0, into: &named) else {
        throw InputError(.badData, "the pickle's dictionaries are too many or too deep", at: path)
      }
    }
    guard !named.tensors.isEmpty else {
      throw InputError(
        .badData, "no tensors", at: path, expected: "a state dictionary: names and tensors")
    }
    let parallel = "module."
    guard named.tensors.keys.allSatisfy({ $0.hasPrefix(parallel) }) else { return named.tensors }
    return Dictionary(
      uniqueKeysWithValues: named.tensors.map { (String($0.dropFirst(parallel.count)), $1) })
  }

  private struct Named {
    var tensors: [String: PickledTensor] = [:]
    /// Bytes of names that may still come: as many as safetensors allows its header.
    var left = 100 << 20
  }

  /// The dictionary that a training checkpoint keeps the weights in.
  private func wrapped(in dictionary: Int) -> Int? {
    let hasTensors = dictionaries[dictionary].contains {
      if case .tensor = $0.value { true } else { false }
    }
    if hasTensors { return nil }
    for key in ["state_dict", "model_state_dict", "model", "module"] {
      if case .dictionary(let inner)? = value(of: key, in: dictionary) { return inner }
    }
    return nil
  }

  private func collect(
    _ dictionary: Int, prefix: String, depth: Int, into named: inout Named
  ) -> Bool {
    guard depth < 16 else { return false }
    for (key, value) in dictionaries[dictionary] {
      // A dictionary that many others name is gone through as often.
      named.left -= prefix.utf8.count + 1
      guard named.left > 0 else { return false }
      guard case .text(let key) = key else { continue }
      named.left -= key.utf8.count
      switch value {
      case .tensor(let number): named.tensors[prefix + key] = tensors[number]
      case .dictionary(let inner):
        guard collect(inner, prefix: "\(prefix)\(key).", depth: depth + 1, into: &named) else {
          return false
        }
      default: break
      }
    }
    return true
  }
}
