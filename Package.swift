// swift-tools-version: 6.1
import PackageDescription

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// A room of the house: `Sources/<name>`. Dependencies point down only.
func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// The tests of a room: `Tests/<name>Tests`; its goldens stand in `Goldens`, beside their scripts.
func tests(
  _ name: String, _ dependencies: [Target.Dependency] = [], goldens: Bool = true
) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.byName(name: name), "TestSupport"] + dependencies,
    exclude: goldens ? ["Goldens"] : [], swiftSettings: strict)
}

let package = Package(
  name: "vild",
  products: [.executable(name: "vild", targets: ["vild"])],
  traits: [
    .trait(
      name: "OneDNN",
      description: "bfloat16 teachers, and AVX-512 for training, with Debian's libdnnl-dev")
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .systemLibrary(
      name: "COpenBLAS", path: "Sources/Native/COpenBLAS", pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(
      name: "CZstd", path: "Sources/Native/CZstd", pkgConfig: "libzstd",
      providers: [.apt(["libzstd-dev"])]),
    .target(
      name: "CImageCodecs", path: "Sources/Native/CImageCodecs",
      linkerSettings: ["jpeg", "png16", "webp", "webpdemux", "gif"].map { .linkedLibrary($0) }),
    .systemLibrary(
      name: "CFreeType", path: "Sources/Native/CFreeType", pkgConfig: "freetype2",
      providers: [.apt(["libfreetype-dev"])]),
    .target(name: "CKernels", path: "Sources/Native/CKernels"),
    .target(
      name: "COneDNN", path: "Sources/Native/COneDNN",
      cSettings: [.define("VILD_ONEDNN", .when(traits: ["OneDNN"]))],
      linkerSettings: [.linkedLibrary("dnnl", .when(traits: ["OneDNN"]))]),
    .target(
      name: "CRanks", path: "Sources/Native/CRanks", exclude: ["library"],
      linkerSettings: [.linkedLibrary("dl")]),
    .systemLibrary(
      name: "COpenSSL", path: "Sources/Native/COpenSSL", pkgConfig: "libcrypto",
      providers: [.apt(["libssl-dev"])]),
    .systemLibrary(
      name: "CZlib", path: "Sources/Native/CZlib", pkgConfig: "zlib",
      providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(
      name: "CXXHash", path: "Sources/Native/CXXHash", pkgConfig: "libxxhash",
      providers: [.apt(["libxxhash-dev"])]),

    room("Support", ["COpenSSL", "CXXHash", "CZlib"]),
    room("Tensors", ["COpenBLAS", "CKernels", "COneDNN", "Support"]),
    room("Regions", ["Support"]),
    room("Images", ["CFreeType", "CImageCodecs", "CZlib", "Regions", "Support"]),
    room("Datasets", ["Regions", "Support", .product(name: "Yams", package: "Yams")]),
    room("Corpora", ["Datasets", "Support"]),
    room("Emoji", ["CFreeType", "Datasets", "Images", "Regions", "Support"]),
    room("Networks", ["Tensors", "Support"]),
    room("Teacher", ["Datasets", "Networks", "Tensors", "Images", "Regions", "Support"]),
    room("Shards", ["CKernels", "CZstd", "Support"]),
    room(
      "Cache",
      [
        "CKernels", "Regions", "Shards", "Support",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ]),
    room("CacheExport", ["CZlib", "Cache", "Shards", "Support"]),
    room(
      "CacheImport", ["Cache", "CacheExport", "Regions", "Shards", "Support", "Tensors"]),
    room("ONNX", ["Tensors", "Support"]),
    room("Ranks", ["CRanks", "Support"]),
    room("Training", ["Ranks", "Tensors", "Support"]),
    room("Student", ["CKernels", "Networks", "Tensors", "Images", "Regions", "Support"]),
    room(
      "Distillation",
      ["Student", "Training", "Ranks", "Cache", "Tensors", "Images", "Regions", "Support"]),
    room(
      "Pretraining",
      ["Training", "Teacher", "Networks", "Tensors", "Images", "Support"]),
    room("Detection", ["Datasets", "Regions", "Tensors", "Support"]),
    room("NetworkExport", ["ONNX", "Networks", "Tensors", "Support"]),
    room(
      "StudentExport",
      [
        "NetworkExport", "ONNX", "Student", "Detection", "Networks", "Tensors", "Regions",
        "Support",
      ]),
    room("Evaluation", ["Datasets", "Regions", "Support"]),
    room("Exporting", ["Detection", "Evaluation", "Regions", "Support"]),
    room(
      "Labelling",
      [
        "Cache", "Corpora", "Datasets", "Detection", "Images", "Networks", "Regions", "Shards",
        "Student", "Support", "Teacher", "Tensors",
      ]),
    room(
      "Reporting",
      ["Corpora", "Datasets", "Detection", "Evaluation", "Images", "Regions", "Support"]),
    room(
      "Pipeline",
      [
        "Cache", "Datasets", "Detection", "Distillation", "Evaluation", "Images", "Regions",
        "Student", "Support", "Teacher", "Tensors", .product(name: "Yams", package: "Yams"),
      ]),
    room(
      "Stages",
      [
        "Cache", "CacheExport", "CacheImport", "Corpora", "Datasets", "Detection", "Distillation",
        "Emoji", "Evaluation", "Exporting", "Images", "Labelling", "NetworkExport", "Networks",
        "ONNX", "Pipeline", "Pretraining", "Ranks", "Regions", "Reporting", "Student",
        "StudentExport", "Support", "Teacher", "Tensors", "Training",
      ]),
    .executableTarget(
      name: "vild",
      dependencies: [
        "Cache", "Detection", "Emoji", "Evaluation", "Exporting", "Pipeline", "Pretraining",
        "Ranks",
        "Stages", "StudentExport", "Support", "Tensors",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: strict),

    .target(
      name: "BenchmarkKernels", path: "Tests/BenchmarkKernels",
      cSettings: [.define("VILD_ONEDNN", .when(traits: ["OneDNN"]))],
      linkerSettings: [.linkedLibrary("dnnl", .when(traits: ["OneDNN"]))]),
    .target(
      name: "Limits", dependencies: ["Networks", "Student", "Tensors"], path: "Tests/Limits",
      swiftSettings: strict),
    .executableTarget(
      name: "vild-bench",
      dependencies: [
        "BenchmarkKernels", "Limits", "Detection", "Distillation", "Pretraining", "Student",
        "StudentExport", "Teacher", "ONNX",
        "Networks", "Tensors", "Images", "Regions", "Support",
      ],
      path: "Tests/Benchmarks", swiftSettings: strict),
    .executableTarget(
      name: "vild-cache-bench",
      dependencies: [
        "Cache", "Detection", "Distillation", "Labelling", "Regions", "Student", "Support",
        "Tensors", "Training", .product(name: "GRDB", package: "GRDB.swift"),
      ],
      path: "Tests/CacheBenchmarks", swiftSettings: strict),
    .target(
      name: "TestSupport", dependencies: ["Ranks", "Support"], path: "Tests/TestSupport",
      swiftSettings: strict),
    .executableTarget(
      name: "CacheCrashHelper", dependencies: ["Cache", "Regions", "Support"],
      path: "Tests/CacheCrashHelper", swiftSettings: strict),
    tests("Support", goldens: false),
    tests("Tensors", ["Support"]),
    tests("Images", ["Regions", "Support"]),
    tests("Regions", ["Support"]),
    tests("Datasets", ["Regions", "Support"], goldens: false),
    tests("Corpora", ["Datasets", "Support"], goldens: false),
    tests("Emoji", ["Datasets", "Images", "Regions", "Support"], goldens: false),
    tests("Networks", ["Tensors", "Support"]),
    tests("Teacher", ["Datasets", "Networks", "Tensors", "Images", "Regions", "Support"]),
    tests("Shards", ["Support"], goldens: false),
    tests(
      "Cache",
      [
        "CacheCrashHelper", "Regions", "Shards", "Support",
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    tests("CacheExport", ["Cache", "Regions", "Support"]),
    tests(
      "CacheImport", ["Cache", "CacheExport", "Regions", "Tensors", "Support"], goldens: false),
    tests("Detection", ["Regions", "Tensors", "Datasets", "Support"], goldens: false),
    tests("Evaluation", ["Datasets", "Regions", "Support"]),
    tests("Exporting", ["Detection", "Evaluation", "Regions", "Support"], goldens: false),
    tests(
      "Labelling",
      ["Cache", "Corpora", "Detection", "Images", "Regions", "Student", "Tensors", "Support"],
      goldens: false),
    tests(
      "Reporting",
      ["Corpora", "Datasets", "Detection", "Evaluation", "Images", "Regions", "Support"],
      goldens: false),
    tests("ONNX", ["Tensors", "Support"], goldens: false),
    tests("Ranks", ["Support"], goldens: false),
    tests("Training", ["Ranks", "Tensors", "Support"], goldens: false),
    tests("Student", ["Distillation", "Networks", "Regions", "Tensors", "Images", "Support"]),
    tests(
      "StudentExport",
      [
        "ONNX", "Student", "Detection", "NetworkExport", "Networks", "Tensors", "Images", "Regions",
        "Support",
      ]),
    tests(
      "Distillation",
      ["Student", "Networks", "Training", "Cache", "Regions", "Tensors", "Images", "Support"],
      goldens: false),
    tests(
      "Pretraining",
      ["Teacher", "Networks", "Training", "Tensors", "Images", "Regions", "Support"],
      goldens: false),
    tests("Pipeline", ["Datasets", "Distillation", "Student", "Teacher", "Tensors", "Support"]),
    tests("Stages", ["Pipeline", "Support"], goldens: false),
    tests("Limits", ["Networks", "Student", "Tensors", "Support"], goldens: false),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "vild", "TestSupport", "Cache", "CacheExport", "Datasets", "Detection", "Images",
        "Networks",
        "Pipeline", "Regions", "Stages", "Support", "Teacher", "Tensors",
      ],
      exclude: ["Goldens"], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
