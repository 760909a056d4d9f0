import Support

/// What the known functions give.
extension Unpickler {
  /// A function or a class by its module and name.
  mutating func pushCallable(_ module: String, _ name: String) throws(InputError) {
    guard let callable = PickleCallable("\(module).\(name)") else {
      throw InputError(
        .badData, "the pickle asks for \(shown("\(module).\(name)")); only tensors are read",
        at: reader.path, hint: "save the state dictionary alone")
    }
    stack.append(.callable(callable))
  }

  mutating func call(_ callable: PickleValue, _ arguments: PickleValue) throws(InputError) {
    guard case .callable(let callable) = callable, let arguments = pickle.values(arguments) else {
      throw bad("the pickle is damaged", "a call of what is no function")
    }
    switch callable {
    case .orderedDictionary:
      pushDictionary()
      // Python 2 passes a list of pairs. It is used up, so that it cannot be passed again and again.
      guard case .sequence(let list)? = arguments.first else { break }
      let pairs = pickle.sequences[list]
      pickle.sequences[list] = []
      for pair in pairs {
        guard let pair = pickle.values(pair), pair.count == 2 else {
          throw bad("the pickle is damaged", "an item that is no pair")
        }
        pickle.dictionaries[pickle.dictionaries.count - 1].append((pair[0], pair[1]))
      }
    case .size:
      guard arguments.count == 1 else { throw bad("the pickle is damaged", "a wrong torch.Size") }
      stack.append(arguments[0])
    case .rebuildParameter:
      guard case .tensor? = arguments.first else {
        throw bad("the pickle is damaged", "a parameter of no tensor")
      }
      stack.append(arguments[0])
    case .rebuildTensor:
      guard arguments.count >= 4, case .storage(let storage) = arguments[0],
        case .integer(let first) = arguments[1], let shape = pickle.integers(arguments[2]),
        let strides = pickle.integers(arguments[3])
      else {
        throw bad("the pickle is damaged", "a tensor without storage, offset, shape, strides")
      }
      stack.append(.tensor(pickle.tensors.count))
      pickle.tensors.append(
        PickledTensor(storage: storage, first: first, shape: shape, strides: strides))
    case .arrayType: try pushArrayType(arguments)
    case .newArray: pushNewArray()
    case .arrayOfBytes: try pushArray(arguments)
    case .array: throw bad("the pickle builds an array of its own; only tensors are read")
    case .storage(let type):
      throw bad("the pickle builds a storage of its own; only tensors are read", type.rawValue)
    }
  }

  /// The storage that a persistent id names: ("storage", type, key, device, count), and in old files
  /// a view (key, first, count) of that storage.
  mutating func pushStorage(_ id: PickleValue) throws(InputError) {
    guard let id = pickle.values(id), id.count >= 5, case .text("storage") = id[0],
      case .callable(.storage(let type)) = id[1], case .text(let key) = id[2],
      case .integer(let count) = id[4], count >= 0
    else { throw bad("the pickle names something outside of it that is no storage") }
    let whole = PickledStorage(key: key, type: type, count: count)
    if let known = pickle.storages[key], known.type != type || known.count != count {
      throw bad("the pickle gives storage '\(shown(key))' two types or sizes")
    }
    pickle.storages[key] = whole
    guard id.count > 5, let view = pickle.values(id[5]) else {
      return stack.append(.storage(whole))
    }
    guard view.count == 3, case .integer(let first) = view[1], case .integer(let size) = view[2],
      0...count ~= first, 0...(count - first) ~= size
    else { throw bad("the pickle is damaged", "a view outside of its storage") }
    stack.append(.storage(PickledStorage(key: key, type: type, first: first, count: size)))
  }
}
