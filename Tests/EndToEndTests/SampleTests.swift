import Foundation
import Support
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

extension EndToEnd {
  /// `vild sample`: made once, up to date the second time, and what it says of wrong words.
  @Suite struct SampleTests {
    private let options = ["--images", "300", "--val", "20", "--categories", "20", "--size", "160"]

    private func sample(_ folder: String, _ more: String...) throws -> Outcome {
      try Vild(["sample", "--output", folder] + options + more).ended()
    }

    /// Stopped by a signal in its first images, it goes on and gives what one run gives.
    @Test func stoppedAndContinued() throws {
      try withTemporaryFolder { folder in
        let (whole, stopped) = ("\(folder)/whole", "\(folder)/stopped")
        let outcome = try sample(whole)
        #expect(outcome.status == 0)
        #expect(outcome.output == "\(whole): 300 training and 20 validation images\n")
        let run = try Vild(["sample", "--output", stopped] + options)
        #expect(run.waits(for: "\"progress\""))
        run.signal(SIGINT)
        let end = run.ended()
        #expect(end.status == 130 && !Files.exists("\(stopped)/train.json"))
        #expect(end.complaints == ["vild: stopped; run the same command again to continue"])
        #expect(try sample(stopped).status == 0)
        let names = try FileManager.default.subpathsOfDirectory(atPath: whole).sorted()
        #expect(try FileManager.default.subpathsOfDirectory(atPath: stopped).sorted() == names)
        for name in names where name.contains(".j") {
          #expect(try Files.read("\(stopped)/\(name)") == Files.read("\(whole)/\(name)"))
        }
        #expect(try sample(stopped).messages == ["up to date: \(stopped)"])
        let other = try sample(stopped, "--seed", "1")
        #expect(other.status == 73)
        #expect(other.complaints.count == 1)
      }
    }

    @Test(arguments: [
      ["--images", "99"], ["--images", "1000001"], ["--val", "0"], ["--size", "159"],
      ["--categories", "9"], ["--categories", "798"], ["--style", "sepia"],
    ])
    func wrongWords(words: [String]) throws {
      try withTemporaryFolder { folder in
        let outcome = try Vild(["sample", "--output", "\(folder)/new"] + words).ended()
        #expect(outcome.status == 64)
        #expect(!Files.exists("\(folder)/new"))
      }
    }

    /// With 100 images nothing is in more than 100 of them.
    @Test func tooFewImagesForFrequentCategories() throws {
      try withTemporaryFolder { folder in
        let outcome = try Vild(
          ["sample", "--output", "\(folder)/new", "--images", "100", "--val", "1"]
            + ["--categories", "10", "--size", "160"]
        ).ended()
        #expect(outcome.status == 0)
        #expect(
          outcome.messages.last
            == "LVIS calls a category frequent that is in more than 100 training images: with 100 "
            + "none can be")
      }
    }

    @Test(.enabled(if: Mount.isPossible)) func fullDisk() throws {
      try withTemporaryFolder { folder in
        try withMount(at: "\(folder)/disk", options: "size=1m") {
          let outcome = try sample("\(folder)/disk/sample")
          #expect(outcome.status == 75 && outcome.complaints.count == 1)
          #expect(outcome.complaints[0].contains("No space left on device"))
          guard mount("none", "\(folder)/disk", "tmpfs", UInt(MS_REMOUNT), "size=100m") == 0 else {
            throw InputError.system("cannot remount", at: folder)
          }
          #expect(try sample("\(folder)/disk/sample").status == 0)
        }
      }
    }
  }
}
