internal import Cache
internal import Foundation
public import Regions
internal import Shards
public import Support
internal import Synchronization

/// What is to be embedded of an image, which the vectors of a file must be of.
public struct DueImage: Sendable {
  /// SHA-256 in hex of the image's file as it is now; nil where it cannot be read.
  public var content: String?
  /// `RegionsHash` of the proposals.
  public var regionsHash: String
  /// The proposals themselves, which are read only to say what differs.
  public var regions: @Sendable () throws(InputError) -> [Region]

  public init(
    content: String?, regionsHash: String,
    regions: @escaping @Sendable () throws(InputError) -> [Region]
  ) {
    (self.content, self.regionsHash, self.regions) = (content, regionsHash, regions)
  }
}

/// Vectors of regions that were computed elsewhere, in any number of files, all of them checked. The files
/// are looked into again for the vectors of an image, so that memory does not grow with the regions. Safe
/// to use from several threads.
public final class VectorFiles: Sendable {
  /// Where the vectors of an image are.
  private struct Place {
    var file: Int
    /// Among the images of the file.
    var index: Int
    /// Of the vectors as a cache stores them.
    var checksum: Checksum
    /// SHA-256 in hex of the image's file.
    var content: String
  }

  /// Of the files, in their order.
  public let paths: [String]
  /// Images that are in several files, with the same vectors.
  public let doubles: Int
  /// Images that failed where the vectors were computed.
  public let failed: [Int]
  /// Images that have changed since, each with what has.
  public let changed: [(image: Int, why: InputError)]
  private let places: [Int: Place]
  /// Files that are open, and the order in which they were opened.
  private let open = Mutex<(files: [Int: VectorFile], order: [Int])>(([:], []))

  /// Maps that are held at once.
  private static let mostOpen = 64

  /// Reads and checks all files.
  ///
  /// - Parameters:
  ///   - paths: files, or folders of files, that end in `.npz` or `.safetensors`.
  ///   - recipeHash: of the cache that they are for, in hex.
  ///   - dimension: D, of its embeddings.
  ///   - skippingChanged: whether images that are not due, or of another file or other proposals than are
  ///     due, are left out; else they are errors.
  ///   - due: what is to be embedded of an image; nil of one that is none of the data set's.
  /// - Throws: `InputError`: no files (`missingInput`), damage, another recipe, vectors that are not finite or
  ///   of length 1, two different ones of a region (`badData`); `Stopped` after a signal.
  public init(
    _ paths: [String], recipeHash: String, dimension: Int, skippingChanged: Bool = false,
    due: @escaping @Sendable (Int) -> DueImage?, on console: Console
  ) throws {
    let paths = try Self.files(at: paths)
    let check = VectorCheck(
      recipeHash: recipeHash, dimension: dimension, skippingChanged: skippingChanged, due: due)
    let progress = StageProgress(
      stage: "import", unit: "files", total: paths.count, on: console)
    let line = WorkLine<String, VectorCheck.Result, any Error> { path in try check.run(path) }
    var (iterator, number) = (paths.makeIterator(), 0)
    var (places, doubles): ([Int: Place], Int) = ([:], 0)
    var (failed, changed): ([Int], [(image: Int, why: InputError)]) = ([], [])
    try line.run(next: { iterator.next() }) { found in
      for (index, image, checksum, content) in found.images {
        if let other = places[image] {
          guard other.checksum == checksum else {
            throw InputError(
              .badData, "image \(image) has other vectors here than in another file",
              at: paths[number], expected: "those of \(paths[other.file])",
              hint:
                "find out which are right, with 'vild cache verify --sample' where you can, and "
                + "remove the other file")
          }
          doubles += 1
        } else {
          places[image] = Place(
            file: number, index: index, checksum: checksum, content: content)
        }
      }
      failed += found.failed
      changed += found.changed
      number += 1
      progress.advance()
    }
    progress.finish()
    (self.paths, self.places, self.doubles) = (paths, places, doubles)
    self.failed = failed.filter { places[$0] == nil }
    self.changed = changed.filter { places[$0.image] == nil }
  }

  /// The images that there are vectors of.
  public var images: Set<Int> { Set(places.keys) }

  /// SHA-256 in hex of the file of one of `images`, as it was embedded.
  public func content(of image: Int) -> String? { places[image]?.content }

  /// The file that has the vectors of one of `images`.
  public func path(of image: Int) -> String { places[image].map { paths[$0.file] } ?? "" }

  /// Unit vectors [R, D] of the regions of one of `images`, in the order of its proposals.
  ///
  /// - Throws: `InputError` (`tryAgain`) where the file is not what was checked any more.
  public func vectors(of image: Int) throws(InputError) -> [Float] {
    guard let place = places[image] else { preconditionFailure("no vectors of image \(image)") }
    let path = paths[place.file]
    let file = try opened(place.file)
    guard place.index < file.ids.count, file.ids[place.index] == image,
      case let vectors = try file.unitVectors(place.index),
      VectorCheck.checksum(vectors) == place.checksum
    else {
      throw InputError(
        .tryAgain, "the file has changed since it was checked", at: path,
        hint: "run the same command again when nobody writes to it")
    }
    return vectors
  }

  private func opened(_ number: Int) throws(InputError) -> VectorFile {
    if let file = open.withLock({ $0.files[number] }) { return file }
    let file = try VectorFile(paths[number], isKnown: true)
    open.withLock { open in
      if open.files.updateValue(file, forKey: number) == nil { open.order.append(number) }
      if open.order.count > Self.mostOpen { open.files[open.order.removeFirst()] = nil }
    }
    return file
  }

  /// The files at some paths, those of a folder by their names.
  private static func files(at paths: [String]) throws(InputError) -> [String] {
    var found: [String] = []
    for path in paths {
      guard Files.isFolder(path) else {
        guard isVectors(path) else {
          throw InputError(
            .badData, "not a file of vectors", at: path,
            expected: "one that ends in .npz or "
              + ".safetensors, or a folder of such files")
        }
        found.append(path)
        continue
      }
      let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
      let own = names.filter(isVectors).sorted()
      if own.isEmpty {
        throw InputError(
          .missingInput, "no vectors in the folder", at: path,
          expected: "files that end in .npz or .safetensors")
      }
      found += own.map { "\(path)/\($0)" }
    }
    return found
  }

  private static func isVectors(_ path: String) -> Bool {
    path.hasSuffix(".npz") || path.hasSuffix(".safetensors")
  }
}
