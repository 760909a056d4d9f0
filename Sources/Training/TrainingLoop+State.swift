import Foundation
import Ranks
import Support
import Tensors

extension TrainingLoop {
  /// Where the run stands, with the weights and the optimiser's state as they are there: the last
  /// checkpoint, read by the leader, or the start.
  func begin(_ average: WeightAverage?, manifest: String) throws -> TrainingState {
    if ranks.isLeader { try Files.createFolder(folder) }
    let state = try ranks.leaderDecides { try resume(average, manifest: manifest) }
    if ranks.isAlone { return state }
    let own = Result { () throws(InputError) in
      guard state.manifest == manifest else {
        throw InputError(
          .badData, "this rank finds other shards in the cache than the leader",
          expected: "manifest \(state.manifest.prefix(12))", got: "manifest \(manifest.prefix(12))",
          hint: "all ranks need the same folder of runs, or a whole copy of it")
      }
      return parameters.map { "\($0.name) \($0.value.shape)" }
    }
    let networks = try ranks.share(own.mapError { $0 }, patience: nil)
    guard networks.allSatisfy({ $0 == networks[0] }) else {
      throw ranks.end(
        InputError(
          .badData, "ranks have different networks",
          hint: "all of them need the same pipeline file, and the same backbone"))
    }
    try sendWeights()
    return state
  }

  /// From the leader to all: weights, and what the optimiser knows.
  private func sendWeights() throws {
    let known = try ranks.leaderDecides {
      optimizer.state.map { Shape(name: $0.name, shape: $0.value.shape) }
    }
    var state = ranks.isLeader ? optimizer.state : known.map { ($0.name, Tensor(zeros: $0.shape)) }
    for parameter in parameters { parameter.value = try ranks.sent(parameter.value) }
    for index in state.indices { state[index].value = try ranks.sent(state[index].value) }
    if !ranks.isLeader { try optimizer.restore(state) }
  }

  private struct Shape: Codable {
    let name: String
    let shape: [Int]
  }

  /// Compares the weights of all ranks, before a checkpoint is made of the leader's.
  ///
  /// - Throws: `InputError` (`tryAgain`) where they differ.
  func requireEqualWeights(after step: Int, patience: Int?) throws {
    if ranks.isAlone { return }
    let weights = Checksum.Stream()
    for parameter in parameters {
      parameter.value.withElements { weights.update(UnsafeRawBufferPointer($0)) }
    }
    let all = try ranks.share(.success("\(weights.checksum)"), patience: patience)
    guard let other = all.firstIndex(where: { $0 != all[0] }) else { return }
    throw ranks.end(
      InputError(
        .tryAgain, "rank \(other) has other weights than the leader", at: "step \(step)",
        hint:
          "the last checkpoint is kept and the same command goes on; where it happens again, a machine "
          + "computes wrongly, or the ranks are not the same program"))
  }

  /// - Parameter manifest: of what is read, "" for none.
  func save(_ average: WeightAverage?, step: Int, manifest: String) throws(InputError) {
    var metadata = metadata
    metadata["manifest"] = manifest.isEmpty ? nil : manifest
    try Checkpoint.write(
      parameters, optimizer: optimizer, average: average?.state ?? [], kind: kind, step: step,
      metadata: metadata, to: checkpointPath)
  }

  /// Restores the last checkpoint, if there is one; returns where the run stands.
  func resume(
    _ average: WeightAverage?, manifest: String
  ) throws(InputError) -> TrainingState {
    var state = TrainingState(seed: seed, globalBatch: examplesPerStep, manifest: manifest)
    guard Files.exists(checkpointPath) else { return state }
    let checkpoint = try Checkpoint(
      path: checkpointPath, kind: kind,
      remedy: "remove the file, and the same command trains anew")
    for (name, value) in metadata.sorted(by: { $0.key < $1.key })
    where checkpoint.metadata[name] != value {
      throw InputError(
        .badData, "the checkpoint was made with another \(name)", at: checkpointPath,
        expected: value, got: checkpoint.metadata[name] ?? "none",
        hint: "move the folder away to train anew")
    }
    try checkpoint.restore(parameters)
    try checkpoint.restore(optimizer)
    try average?.restore(from: checkpoint)
    state.step = checkpoint.step
    state.manifest = checkpoint.metadata["manifest"] ?? ""
    guard state.manifest == manifest else {
      throw InputError(
        .badData, "the training run was started on other shards of the cache", at: checkpointPath,
        expected: "manifest \(state.manifest.prefix(12))",
        got: "manifest \(manifest.prefix(12))",
        hint: "bring the shards back, or move the folder away to train anew")
    }
    return state
  }

  var checkpointPath: String { "\(folder)/checkpoint.safetensors" }
}

extension Ranks {
  /// The leader's tensor, on every rank.
  fileprivate func sent(_ tensor: Tensor) throws(InputError) -> Tensor {
    let box = Box(tensor)
    begin { transport throws(InputError) in try box.send(by: transport) }
    try settle(patience: nil)
    return box.tensor
  }

  private final class Box: @unchecked Sendable {
    var tensor: Tensor

    init(_ tensor: Tensor) { self.tensor = tensor }

    func send(by transport: any RankTransport) throws(InputError) {
      var failure: InputError?
      tensor.withMutableElements { values in
        do throws(InputError) {
          try transport.send(UnsafeMutableRawBufferPointer(values))
        } catch { failure = error }
      }
      if let failure { throw failure }
    }
  }
}
