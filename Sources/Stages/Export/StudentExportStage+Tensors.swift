import Foundation
import Pipeline
import Student
import StudentExport
import Support
import Tensors

extension StudentExportStage {
  /// Writes the student's weights in PyTorch's layouts, the vocabulary, and for torchvision the module that
  /// they are loaded with; the weights last.
  func writeTensors(for torchvision: Bool) throws {
    try OutputGraph.check(request.output, endsWith: "safetensors")
    // Found out before the work is done.
    _ = try PartFile(path: request.output)
    let file = try studentFile()
    let vocabulary = try vocabulary(of: file)
    sayWhoDetects()
    let student = try file.trained()
    let tensors =
      torchvision
      ? try StudentTensors(torchvision: student, names: vocabulary.names.count, path: file.path)
      : StudentTensors(student)
    let base = PathText.withoutEnding(request.output)
    let (names, module) = ("\(base).vocabulary.json", "\(base).py")
    try vocabulary.write(to: names)
    if torchvision {
      let text = TorchvisionModule.text(
        weights: PathText.name(of: request.output), vocabulary: PathText.name(of: names))
      try Files.write(Data(text.utf8), to: module)
    }
    var metadata = Dictionary(uniqueKeysWithValues: try metadata(of: file))
    metadata["vild.format"] = request.format.rawValue
    try SafeTensorsFile.write(tensors.tensors, metadata: metadata, to: request.output)
    let count = tensors.tensors.reduce(0) { $0 + $1.value.count }
    report.say(
      Self.name,
      "\(file.method.rawValue) for \(request.format.rawValue), "
        + "\(tensors.tensors.count.counted("tensor")), \(count.counted("parameter"))")
    for path in [request.output, names] + (torchvision ? [module] : []) {
      try StandardOutput.print(path)
    }
  }
}
