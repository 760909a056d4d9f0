import Foundation
import Networks
import Support
import Tensors
import TestSupport
import Testing

extension EndToEnd {
  /// Training that starts from the file of a whole detector.
  @Suite struct DetectorStartTests {
    /// torchvision's file of a detector on a ResNet-18 of two channels, with a pyramid of four from level
    /// 3 on.
    private func writeDetector(to path: String) throws {
      var tensors = try ResNet.load(.resNet18.with(width: 2), from: NewTensors(seed: 1))
        .featureParameters.map {
          (
            "backbone.body.\($0.name)",
            $0.value.shape.count == 4 ? $0.value.asPyTorchConvolution : $0.value
          )
        }
      func layer(_ name: String, _ shape: [Int]) {
        tensors.append(("\(name).weight", Tensor(zeros: shape)))
        tensors.append(("\(name).bias", Tensor(zeros: [shape[0]])))
      }
      for (i, channels) in [4, 8, 16].enumerated() {
        layer("backbone.fpn.inner_blocks.\(i).0", [4, channels, 1, 1])
        layer("backbone.fpn.layer_blocks.\(i).0", [4, 4, 3, 3])
      }
      layer("rpn.head.conv.0.0", [4, 4, 3, 3])
      layer("rpn.head.cls_logits", [3, 4, 1, 1])
      layer("rpn.head.bbox_pred", [12, 4, 1, 1])
      try Files.write(SafeTensorsFile.encode(tensors, hasChecksums: false), to: path)
    }

    @Test func whatIsTakenIsSaid() throws {
      try withPlace { place in
        let file = "\(place.data)/detector.safetensors"
        try writeDetector(to: file)
        var text = String(decoding: try Files.read(place.pipeline), as: UTF8.self)
        text = text.replacingOccurrences(
          of: "family: efficientnet-lite0,", with: "family: resnet18, width: 2,"
        ).replacingOccurrences(of: "channels: 16", with: "channels: 4")
          .replacingOccurrences(
            of: "    detector:", with: "    backbone_weights: detector.safetensors\n    detector:")
        try place.write(text, to: "pipeline.yaml")
        let proposed = try place.run("propose")
        try #require(proposed.status == 0, "\(proposed.errors)")
        let detector = "\(file) is a detector of torchvision"
        let why = "proposals.anchor_scale is 4.0, its 8.0"
        #expect(
          proposed.errors.contains(
            "\(detector): its backbone and pyramid are taken, its proposal network is "
              + "not: \(why)"), "\(proposed.errors)")

        try place.write(
          text.replacingOccurrences(of: "anchor_scale: 4", with: "anchor_scale: 8")
            .replacingOccurrences(of: "student:\n", with: "student:\n  method: supervised\n"),
          to: "pipeline.yaml")
        let trained = try place.run("distill", "--until-step", "1")
        #expect(trained.status == 0, "\(trained.errors)")
        #expect(
          trained.errors.contains(
            "\(detector): its backbone, pyramid and proposal network are taken, its heads are not"
          ), "\(trained.errors)")
      }
    }
  }
}
