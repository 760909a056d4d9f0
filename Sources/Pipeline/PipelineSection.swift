import Support
import Yams

/// A section of the file that becomes an `Owner`.
struct PipelineSection<Owner: Sendable>: Sendable {
  /// What the keys change; holds the defaults.
  let start: Owner
  /// In the order in which they are written.
  let keys: [PipelineKey<Owner>]
  /// Looks at keys that depend on each other; gets the place of a key by its name.
  let check: @Sendable (Owner, (String) -> PipelinePlace) throws(InputError) -> Void

  init(
    _ start: Owner, _ keys: [PipelineKey<Owner>],
    check: @escaping @Sendable (Owner, (String) -> PipelinePlace) throws(InputError) -> Void = {
      _, _ throws(InputError) in
    }
  ) {
    self.start = start
    self.keys = keys
    self.check = check
  }

  var shape: PipelineShape {
    .section(keys.map { .init(name: $0.name, presence: $0.presence, shape: $0.shape) })
  }

  /// - Throws: `InputError` for the first thing that is wrong, in the file's order; after them the
  ///   required keys that are missing, and keys that do not fit each other.
  func read(_ node: Node, at place: PipelinePlace) throws(InputError) -> Owner {
    guard case .mapping(let mapping) = node else { throw place.wrong(node, expected: shape) }
    var owner = start
    var lines = [String: Int]()
    for (name, value) in mapping {
      let (key, line) = try known(name, at: place)
      lines[key.name] = line
      let place = place.key(key.name, line: line)
      try place.refuseSpecials(value)
      if value.isNull { throw place.nothing(expected: key.shape, presence: key.presence) }
      try key.read(value, place, &owner)
    }
    for key in keys where key.presence == .required && lines[key.name] == nil {
      throw InputError(
        .configuration, "missing key '\(place.key(key.name, line: nil).key)'",
        at: place.description, expected: key.shape.description)
    }
    try check(owner) { place.key($0, line: lines[$0] ?? place.line) }
    return owner
  }

  func write(_ owner: Owner) -> Node {
    let pairs = keys.compactMap { key in key.write(owner).map { (Node(key.name), $0) } }
    return Node(pairs, .implicit, .block)
  }

  /// The key that `name` names, and its line.
  private func known(
    _ name: Node, at place: PipelinePlace
  ) throws(InputError) -> (PipelineKey<Owner>, Int?) {
    let line = name.mark?.line
    let place = place.at(line: line)
    try place.refuseSpecials(name, isKey: true)
    guard case .scalar(let scalar) = name else {
      throw InputError(
        .configuration, "a key is not a word", at: place.description,
        got: PipelinePlace.words(for: name))
    }
    if let key = keys.first(where: { $0.name == scalar.string }) { return (key, line) }
    let typed = PipelinePlace.shortened(scalar.string)
    let names = keys.map(\.name)
    let elsewhere = PipelineFile.pipeline.shape.sections(with: scalar.string)
    let hint =
      if let nearest = nearestName(to: typed, among: names) {
        "did you mean '\(nearest)'?"
      } else if !elsewhere.isEmpty {
        "it belongs in \(elsewhere.joined(separator: " or "))"
      } else {
        "known here: \(names.joined(separator: ", "))"
      }
    throw InputError(
      .configuration, "unknown key '\(place.key(typed, line: nil).key)'", at: place.description,
      hint: hint)
  }
}

/// A key of a section: how a property of `Owner` is read and written.
struct PipelineKey<Owner: Sendable>: Sendable {
  typealias Property<Value> = any WritableKeyPath<Owner, Value> & Sendable

  let name: String
  let presence: PipelineShape.Presence
  let shape: PipelineShape
  let read: @Sendable (Node, PipelinePlace, inout Owner) throws(InputError) -> Void
  /// nil: the key is left out.
  let write: @Sendable (Owner) -> Node?

  static func key<Value>(
    _ name: String, _ property: Property<Value>,
    _ value: PipelineValue<Value>, presence: PipelineShape.Presence = .defaulted
  ) -> PipelineKey {
    PipelineKey(
      name: name, presence: presence, shape: value.shape,
      read: { node, place, owner throws(InputError) in
        owner[keyPath: property] = try value.read(node, place)
      },
      write: { value.write($0[keyPath: property]) })
  }

  static func required<Value>(
    _ name: String, _ property: Property<Value>,
    _ value: PipelineValue<Value>
  ) -> PipelineKey {
    .key(name, property, value, presence: .required)
  }

  static func optional<Value>(
    _ name: String, _ property: Property<Value?>,
    _ value: PipelineValue<Value>
  ) -> PipelineKey {
    PipelineKey(
      name: name, presence: .optional, shape: value.shape,
      read: { node, place, owner throws(InputError) in
        owner[keyPath: property] = try value.read(node, place)
      },
      write: { $0[keyPath: property].map(value.write) })
  }
}
