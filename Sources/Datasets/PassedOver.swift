import Support
import Synchronization

/// What readers pass over because nothing comes to harm by it: objects of images that were cut out,
/// keys of another project's making. Counted by kind, with the first of each, so that a kind is one
/// line; or refused, where the user wants to know of everything.
///
/// Safe to use from several threads.
public final class PassedOver: Sendable {
  private struct Kind {
    let name: String
    var first: InputError
    /// Hashes of the places, as an outline may be read many times.
    var places: Set<Int>
    /// How many more there are at places that are read once.
    var others = 0

    var count: Int { places.count + others }
  }

  private let isStrict: Bool
  private let kinds = Mutex<[Kind]>([])

  /// - Parameter isStrict: whether nothing is passed over: it is an error.
  public init(isStrict: Bool = false) { self.isStrict = isStrict }

  /// Counts `fault`, or throws it.
  ///
  /// - Parameter name: what is counted together.
  func add(_ fault: InputError, as name: String) throws(InputError) {
    if isStrict { throw fault }
    let place = fault.place.hashValue
    kinds.withLock { kinds in
      guard let index = kinds.firstIndex(where: { $0.name == name }) else {
        kinds.append(Kind(name: name, first: fault, places: [place]))
        return
      }
      kinds[index].places.insert(place)
      // Threads come in any order; the shorter of two places has the smaller number.
      func rank(_ fault: InputError) -> (Int, String) {
        (fault.place?.utf8.count ?? 0, fault.place ?? "")
      }
      if rank(fault) < rank(kinds[index].first) { kinds[index].first = fault }
    }
  }

  /// Counts more of a kind that `add` has been told the first of, each at another place: there may be
  /// millions.
  func add(_ others: Int, as name: String) {
    kinds.withLock { kinds in
      guard let index = kinds.firstIndex(where: { $0.name == name }) else {
        preconditionFailure("the first is known")
      }
      kinds[index].others += others
    }
  }

  /// A line a kind: what was passed over first and how many there were.
  public var lines: [String] {
    kinds.withLock { kinds in
      kinds.map { kind in
        "\(kind.first); passed over, "
          + (kind.count == 1 ? "the only one" : "the first of \(kind.count)")
      }
    }
  }
}
