/// What the figures of a training's log mean.
package enum TrainingFigure {
  /// A sentence for a reader of the curves; nil for a name that no log has.
  ///
  /// - Parameter name: as the log has it; of an evaluation "AP50_novel" after its prefix.
  package static func explanation(of name: String) -> String? {
    guard name.hasPrefix(TrainingCurves.evaluationPrefix) else { return sentences[name] }
    let parts = name.dropFirst(TrainingCurves.evaluationPrefix.count).split(separator: "_")
    guard parts.count == 2, let figure = figures["\(parts[0])"] else { return nil }
    return "\(figure) over \(parts[1]) categories of the validation images, in 0...1."
  }

  private static let figures = [
    "AP": "Average precision by the evaluation's protocol",
    "AP50": "Average precision at IoU 0.50",
  ]

  private static let sentences = [
    "loss":
      "What training makes small: the sum of all losses, the image loss times its weight.",
    "objectness":
      "Proposal network: cross-entropy of object or background at sampled anchors; 0.69 is a guess.",
    "proposal_boxes":
      "Proposal network: how far its boxes are from the objects' (Huber loss of shift and scale).",
    "text":
      "Cross-entropy of the sampled regions' names among the base categories and background.",
    "boxes": "How far the boxes are from the objects' (Huber loss of shift and scale).",
    "masks": "Cross-entropy of the masks' cells, inside or outside the object; 0.69 is a guess.",
    "image":
      "ViLD-image: the distance between the student's and the teacher's embedding of a region, "
      + "summed over the embedding (L1), before its weight.",
    "distilled": "Regions of an image that are distilled.",
    "left_out": "Regions of an image of which augmentation left too little to see.",
    "top1": "How often a crop's own text comes first, of the texts of a step.",
    "cosine_factor": "What cosines are multiplied by before the cross-entropy.",
    "crops_per_second": "How fast the teacher is trained.",
    "gradient_norm": "The length of the gradient before it is clipped.",
    "learning_rate": "How far a step goes along the gradient.",
    "seconds": "Time of a step.",
  ]
}
