"""The loss of a batch that two processes of torch.distributed have together, against one process's.

Started by itself it starts both: python3 gloo.py
"""

import os
import socket
import sys

import torch
import torch.distributed
import torch.multiprocessing
from torch.nn.parallel import DistributedDataParallel

import segloss
import segloss_torch

WORKERS = 2
# Samples that each has: one of them none, the second time.
SHARDS = (((0, 3), (3, 4)), ((0, 4), (4, 4)))
LOSSES = ("dice", "tversky(fp=0.3, fn=0.7)", "0.5*bce + 0.5*dice", "preset:boundary")


def batch(dtype=torch.float64, size=48):
    random = torch.Generator().manual_seed(1)
    z = 3 * torch.randn(4, 1, size, size, dtype=dtype, generator=random)
    return z, (torch.rand(z.shape, generator=random) < 0.2).to(torch.uint8)


def maps_of(text, y, ignored):
    if "boundary" not in text:
        return None
    return {"band": segloss.map_weights("band(theta=3, weight=5)", y, mask=~ignored)}


def largest(values):
    return values.abs().max() if values.numel() else 0


def compare(text, shard, ignored):
    """This worker's part of the gradient, before averaging, and the value: both of the whole batch."""
    z, y = batch()
    whole = z.clone().requires_grad_()
    maps = maps_of(text, y, ignored)
    expected = segloss_torch.Loss(text)(whole, y, mask=~ignored, maps=maps)
    expected.backward()

    mine = slice(*shard)
    part = z[mine].clone().requires_grad_()
    loss = segloss_torch.DistributedLoss(text)
    found = loss(part, y[mine], mask=~ignored[mine],
                 maps=maps and {name: weights[mine] for name, weights in maps.items()})
    found.backward(retain_graph=True)
    assert abs(found - expected) <= 1e-12 * abs(expected), (text, found, expected)
    bound = 1e-12 * largest(whole.grad)
    assert bound > 0
    assert largest(part.grad / WORKERS - whole.grad[mine]) <= bound, text
    # Again, from the totals that are there: nothing is sent, so workers need not agree on it.
    if shard[0] == 0:
        found.backward()
        assert largest(part.grad / (2 * WORKERS) - whole.grad[mine]) <= bound, text


def average(text, shard):
    """A model under DistributedDataParallel gets the gradient that one process would give it."""
    z, y = batch()
    models = [torch.nn.Conv2d(1, 1, 3, padding=1).double() for _ in range(2)]
    models[1].load_state_dict(models[0].state_dict())
    segloss_torch.Loss(text)(models[0](z), y).backward()

    mine = slice(*shard)
    model = DistributedDataParallel(models[1])
    segloss_torch.DistributedLoss(text)(model(z[mine]), y[mine]).backward()
    for one, other in zip(models[0].parameters(), models[1].parameters()):
        assert torch.allclose(one.grad, other.grad, rtol=1e-11, atol=1e-14), text

    # With the loss of each by itself, the mean over workers is another one.
    model.zero_grad()
    segloss_torch.Loss(text)(model(z[mine]), y[mine]).backward()
    assert not torch.allclose(models[0].weight.grad, models[1].weight.grad, rtol=1e-6)


def sent(text, size):
    """Bytes of an all-reduce."""
    z, y = batch(torch.float32, size)
    loss = segloss.Loss(text)
    maps = maps_of(text, y, torch.zeros(y.shape, dtype=torch.bool))
    return loss.close(z, y, loss.reduce(z, y, maps=maps), maps=maps).nbytes


def worker(rank, port):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    torch.distributed.init_process_group("gloo", rank=rank, world_size=WORKERS)
    torch.manual_seed(2)
    nothing = torch.zeros(4, 1, 48, 48, dtype=torch.bool)
    some, all_of_one = nothing.clone(), nothing.clone()
    some[:, :, 5:9] = True
    all_of_one[slice(*SHARDS[0][1])] = True
    for shards in SHARDS:
        for text in LOSSES:
            for ignored in (nothing, some, all_of_one):
                compare(text, shards[rank], ignored)
        for text in LOSSES[:3]:
            average(text, shards[rank])
    if rank == 0:
        print("bytes of the all-reduce of a step, at 48 x 48 and at 480 x 480 pixels:")
        for text in LOSSES:
            small, large = sent(text, 48), sent(text, 480)
            assert small == large
            print(f"  {text:<28} {small:>4} {large:>4}")
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    torch.multiprocessing.spawn(worker, args=(port,), nprocs=WORKERS)
    print("all checks passed")
    sys.exit()
