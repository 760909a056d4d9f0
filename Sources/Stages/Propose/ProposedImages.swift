import Datasets
import Foundation
import Pipeline
import Regions
import Student
import Support

/// Which images the proposals of a folder are of, by their files' contents: `images.json`. Another
/// run of the same network and choices takes them over.
struct ProposedImages: Codable {
  /// `ProposeStage.source`.
  let source: String
  /// `AnnotatedImages.pixelSources` of each file of proposals.
  let contents: [String: [Int: String]]

  static let file = "images.json"
}

extension ProposeStage {
  /// What `read` reads of a file of this stage; says of damage how it is mended.
  static func reading<Result>(
    _ read: () throws(InputError) -> Result
  ) throws(InputError) -> Result {
    do throws(InputError) {
      return try read()
    } catch {
      var error = error
      if error.kind == .badData {
        error.hint = "remove the file, and the same 'vild propose' makes it again"
      }
      throw error
    }
  }

  /// Names what makes the proposals of a training image: the network and the choices of boxes, or the
  /// user's file by its name.
  package var source: String {
    let inputs =
      if let network {
        ProposalFinder.inputs(network: network.inputs, choices)
      } else {
        OwnProposals.inputs(choices.file ?? "", choices)
      }
    return inputs.hash
  }

  /// Proposals that this and other folders hold, in one of their files.
  struct Earlier: Sendable {
    fileprivate let file: ProposalsIndex
    fileprivate let entry: ProposalsIndex.Entry

    /// The same as the proposals of the image `id`.
    func proposals(of id: Int) throws(InputError) -> Proposals {
      var proposals = try file.proposals(of: entry)
      proposals.imageID = id
      return proposals
    }
  }

  /// Proposals that this and other folders hold of this network and these choices, by the content of
  /// the image, and the damaged lines of this folder's file `made`. What cannot be read is not taken.
  func earlierProposals(
    of wanted: Set<String>, making made: String
  ) -> (found: [String: Earlier], damaged: [String]) {
    var (found, damaged): ([String: Earlier], [String]) = ([:], [])
    let names = (try? FileManager.default.contentsOfDirectory(atPath: run.folder)) ?? []
    for name in names.sorted() where name.hasPrefix("\(Self.name)-") {
      let isOwn = "\(run.folder)/\(name)" == folder.path
      // Its own record may say that a file of it is damaged.
      guard
        let other = isOwn ? folder : StageFolder(finishedAt: "\(run.folder)/\(name)"),
        let data = try? other.read(ProposedImages.file),
        let images = try? JSONDecoder().decode(ProposedImages.self, from: data),
        images.source == source
      else { continue }
      for (file, contents) in images.contents where !wanted.isDisjoint(with: contents.values) {
        guard let (index, lines) = try? ProposalsIndex.sound(path: other.file(file))
        else { continue }
        if isOwn && file == made { damaged += lines.map { "\(other.file(file)) line \($0)" } }
        for entry in index.images {
          if let hash = contents[entry.imageID], wanted.contains(hash) {
            found[hash] = Earlier(file: index, entry: entry)
          }
        }
      }
    }
    return (found, damaged)
  }
}
