import Datasets
import Foundation
import Regions
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
  /// Names what makes the proposals of a training image: the network and the choices of boxes, or the
  /// user's file by its name.
  var source: String {
    var choices = self.choices.ofBoxes
    choices.valFile = nil
    var inputs = StageInputs()
    inputs.add("choices", choices)
    if let network { inputs.add("network", hash: network.inputs) }
    return inputs.hash
  }

  /// Proposals that other folders hold of this network and these choices, by the content of the image.
  /// What cannot be read there is not taken.
  func earlierProposals(of wanted: Set<String>) -> [String: Proposals] {
    var found: [String: Proposals] = [:]
    let names = (try? FileManager.default.contentsOfDirectory(atPath: run.folder)) ?? []
    for name in names.sorted() where name.hasPrefix("\(Self.name)-") {
      let path = "\(run.folder)/\(name)"
      guard path != folder.path, StageFolder.finishedInputs(at: path) != nil,
        let data = try? Files.read("\(path)/\(ProposedImages.file)"),
        let images = try? JSONDecoder().decode(ProposedImages.self, from: data),
        images.source == source
      else { continue }
      for (file, contents) in images.contents where !wanted.isDisjoint(with: contents.values) {
        let all = (try? ProposalsReader(path: "\(path)/\(file)").readAll()) ?? []
        for proposals in all {
          if let hash = contents[proposals.imageID], wanted.contains(hash) {
            found[hash] = proposals
          }
        }
      }
    }
    return found
  }
}
