import Datasets
import Images
import Pipeline
import Support

extension AnnotatedImages {
  /// What a stage depends on that works on all images at once: what their files hold, and what is
  /// annotated.
  func inputs() throws(InputError) -> StageInputs {
    var inputs = try self.inputsImageByImage()
    inputs.add("images", images: dataset.images.map(file), in: folder, read: contents)
    return inputs
  }

  /// The same of training, which sees the objects of base categories alone.
  func trainingInputs() throws(InputError) -> StageInputs {
    var inputs = try self.inputs()
    inputs.add("base", split.base)
    return inputs
  }

  /// What a stage depends on that looks at the images one by one.
  func inputsImageByImage() throws(InputError) -> StageInputs {
    var inputs = choices.readingInputs
    // Parts of a folder of XML files may be chosen.
    let source = dataset.isVOC ? "\(annotationFile) \(choice)" : annotationFile
    let hash = try workspace.hash(of: source) { () throws(InputError) in
      dataset.isVOC
        ? Fingerprint.json(try dataset.annotationFiles.map(Fingerprint.file))
        : try Fingerprint.file(annotationFile)
    }
    inputs.add("annotations", hash: hash)
    inputs.add("names", dataset.images.map(file))
    return inputs
  }
}

extension DataConfiguration {
  /// How files become pixels, and which do not.
  var readingInputs: StageInputs { limits.readingInputs(orientation) }
}

extension DecodeLimits {
  /// How files become pixels under these limits, and which do not.
  func readingInputs(_ orientation: AnnotatedOrientation) -> StageInputs {
    var inputs = StageInputs()
    inputs.add("decoding", orientation.decodePolicy)
    inputs.add("pixel limit", pixels)
    return inputs
  }
}
