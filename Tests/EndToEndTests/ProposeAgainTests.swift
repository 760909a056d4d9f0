import Foundation
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// Proposals of images that are there already are taken over as long as the network is the same;
  /// another content of a training image makes another network.
  @Suite struct ProposeAgainTests {
    private func folders(_ stage: String, _ place: Place) throws -> Set<String> {
      Set(
        try FileManager.default.contentsOfDirectory(atPath: place.run).filter {
          $0.hasPrefix("\(stage)-")
        })
    }

    @Test func otherValidationImages() throws {
      try withPlace { place in
        try place.copyFinished("propose")
        let before = try folders("propose", place)
        try place.replace("val.json}", with: "val.json, limit: 3}", in: "pipeline.yaml")
        let outcome = try place.run("propose")
        #expect(outcome.status == 0 && outcome.complaints.isEmpty, "\(outcome.errors)")
        for count in [8, 3] {
          #expect(
            outcome.messages.contains(
              "\(count) of \(count) images have proposals of this network already"))
        }
        #expect(!outcome.errors.contains("\"unit\":\"steps\""), "the network is still right")
        let (old, new) = (
          try #require(before.first),
          try #require(folders("propose", place).subtracting(before).first)
        )
        #expect(
          try Files.read("\(place.run)/\(new)/train.jsonl")
            == Files.read("\(place.run)/\(old)/train.jsonl"))
        // A line less, and the header's number.
        let lines = try [old, new].map {
          try Files.read("\(place.run)/\($0)/val.jsonl").split(separator: 0x0A)
        }
        #expect(lines[1].count == lines[0].count - 1)
        #expect(Set(lines[1].dropFirst()).isSubset(of: lines[0]))
      }
    }

    @Test func aCorrectedTrainingImage() throws {
      try withPlace { place in
        let path = "\(place.data)/train/2.jpg"
        try place.write(place.picture(2), toOld: path)
        #expect(try place.run("propose").status == 0)
        let before = try folders("proposal-network", place)
        try place.setTime(of: path, secondsAgo: 1800)
        #expect(try place.run("propose").messages.last?.hasPrefix("up to date: ") == true)
        try place.write(place.picture(102), toOld: path)
        let outcome = try place.run("propose")
        #expect(outcome.status == 0 && outcome.errors.contains("\"unit\":\"steps\""))
        #expect(try folders("proposal-network", place).count == before.count + 1)
      }
    }
  }
}
