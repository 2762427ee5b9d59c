"""segloss as modules of PyTorch: against autograd on the usual formulas, and where modules are taken."""

import copy
import inspect
import multiprocessing
import pickle
import re

import numpy
import torch

import segloss
import segloss_torch as ours
import source_losses as source

torch.manual_seed(1)
# A forked process waits for ever for the threads that PyTorch itself had in its parent.
torch.set_num_threads(1)


def masks(dtype=torch.float64, requires_grad=True):
    z = (3 * torch.randn(2, 1, 24, 31, dtype=torch.float64)).to(dtype)
    y = torch.zeros(z.shape)
    y[0, :, 5:12, 3:20] = 1
    y[1, :, 9, :] = 1
    return z.requires_grad_(requires_grad), y


def labels(dtype=torch.float64):
    z = (2 * torch.randn(2, 4, 9, 11, dtype=torch.float64)).to(dtype).requires_grad_()
    y = torch.randint(0, 4, (2, 9, 11))
    y[torch.rand(y.shape) < 0.2] = 255
    return z, y


WEIGHTS = torch.tensor([0.5, 1.0, 2.0, 0.25])
# Ours, with the classes' own signatures, and the same in PyTorch.
BINARY = {
    "bce": (ours.binary_segmentation_loss, source.bce),
    "dice": (ours.DiceLoss(smooth=1.0), lambda z, y: source.dice(z, y, 1.0)),
    "dice, summed": (ours.DiceLoss(reduction="sum"), lambda z, y: 2 * source.dice(z, y)),
    "tversky": (ours.TverskyLoss(alpha=0.3, beta=0.7),
                lambda z, y: source.tversky(z, y, 0.3, 0.7)),
    "focal tversky": (ours.FocalTverskyLoss(0.3, 0.7, 0.75, 1e-6),
                      lambda z, y: source.focal_tversky(z, y, 0.3, 0.7, 0.75)),
    "focal": (ours.FocalLoss(alpha=0.25, gamma=2.0), source.focal),
    "boundary": (ours.BoundaryLoss(theta=3, weight_factor=5.0), source.boundary),
    "distance": (ours.DistanceMapLoss(sigma=5.0), source.distance),
    "combined": (ours.CombinedSegmentationLoss(0.1, 0.2, 0.3, 0.4),
                 lambda z, y: 0.1 * source.bce(z, y) + 0.2 * source.dice(z, y)
                 + 0.3 * source.focal(z, y) + 0.4 * source.boundary(z, y)),
    "balanced": (ours.create_segmentation_loss("balanced"),
                 lambda z, y: 0.5 * source.bce(z, y) + 0.5 * source.dice(z, y)),
    "imbalanced": (ours.create_segmentation_loss("imbalanced"),
                   lambda z, y: 0.5 * source.focal(z, y) + 0.5 * source.dice(z, y)),
    "preset of boundaries": (ours.create_segmentation_loss("boundary"), source.preset_boundary),
    "medical": (ours.create_segmentation_loss("medical"),
                lambda z, y: 0.5 * source.dice(z, y) + 0.5 * source.tversky(z, y, 0.3, 0.7)),
    "text": (ours.Loss("2*bce @ decay(sigma=2)"),
             lambda z, y: 2 * source.distance(z, y, sigma=2)),
}
CLASSES = {
    "ce": (ours.pixel_wise_cross_entropy, source.cross_entropy),
    "weighted ce": (lambda z, y: ours.weighted_cross_entropy(z, y, class_weights=WEIGHTS),
                    lambda z, y: source.cross_entropy(z, y, WEIGHTS.to(z.dtype))),
    "multi-class dice": (ours.MultiClassDiceLoss(num_classes=4), source.multi_class_dice),
    "multi-class focal": (ours.MultiClassFocalLoss(gamma=2.0, alpha=WEIGHTS),
                          lambda z, y: source.multi_class_focal(z, y, 2.0, WEIGHTS)),
    "text": (ours.Loss("0.5*ce + 0.5*dice", link="softmax"),
             lambda z, y: 0.5 * source.cross_entropy(z, y) + 0.5 * source.multi_class_dice(z, y)),
}


def takes_the_usual_parameters():
    usual = {
        ours.DiceLoss: "(smooth=1e-06, reduction='mean')",
        ours.MultiClassDiceLoss: "(num_classes, smooth=1e-06, ignore_index=255)",
        ours.TverskyLoss: "(alpha=0.5, beta=0.5, smooth=1e-06)",
        ours.FocalTverskyLoss: "(alpha=0.5, beta=0.5, gamma=1.0, smooth=1e-06)",
        ours.FocalLoss: "(alpha=0.25, gamma=2.0)",
        ours.MultiClassFocalLoss: "(gamma=2.0, alpha=None, ignore_index=255)",
        ours.BoundaryLoss: "(theta=3, weight_factor=5.0)",
        ours.DistanceMapLoss: "(sigma=5.0)",
        ours.CombinedSegmentationLoss:
            "(ce_weight=0.5, dice_weight=0.5, focal_weight=0.0, boundary_weight=0.0)",
        ours.create_segmentation_loss: "(task_type='balanced')",
        ours.pixel_wise_cross_entropy: "(logits, targets, ignore_index=255)",
        ours.weighted_cross_entropy: "(logits, targets, class_weights=None, ignore_index=255)",
        ours.binary_segmentation_loss: "(logits, targets)",
        ours.compute_class_weights: "(dataset, num_classes, ignore_index=255)",
    }
    for named, signature in usual.items():
        own = inspect.signature(named)
        # What is ours besides has to be named.
        usual = [each for each in own.parameters.values() if each.kind is not each.KEYWORD_ONLY]
        assert str(own.replace(parameters=usual)) == signature, named
        assert "ignore_index" in own.parameters, named
    # They are attributes too, which may be changed.
    z, y = masks()
    loss = ours.TverskyLoss()
    loss.alpha, loss.beta = 0.3, 0.7
    assert loss(z, y) == ours.TverskyLoss(0.3, 0.7)(z, y)


def gradient_of(loss, z, y, upstream=1.0):
    z = z.detach().requires_grad_()
    value = loss(z, y)
    (upstream * value).backward()
    return value.detach(), z.grad


def agrees_with_autograd():
    for make, losses in ((masks, BINARY), (labels, CLASSES)):
        for name, (mine, theirs) in losses.items():
            z, y = make()
            y64 = y.double() if y.is_floating_point() else y
            assert torch.autograd.gradcheck(mine, (z, y)), name
            for upstream in (1.0, -2.5):
                expected = gradient_of(theirs, z, y64, upstream)
                largest = expected[1].abs().max()
                for dtype, value_bound, gradient_bound in (
                        (torch.float64, 1e-12, 1e-12), (torch.float32, 2e-6, 4e-6)):
                    value, gradient = gradient_of(mine, z.to(dtype), y, upstream)
                    assert value.dtype == gradient.dtype == dtype, name
                    assert abs(value - expected[0]) < value_bound * max(1, expected[0]), name
                    assert (gradient - expected[1]).abs().max() < gradient_bound * largest, name


def mixed_precision():
    for dtype, digits in ((torch.bfloat16, 2.0**-8), (torch.float16, 2.0**-11)):
        for mine, theirs in ((BINARY["balanced"], masks), (CLASSES["text"], labels)):
            z, y = theirs(dtype)
            y64 = y.double() if y.is_floating_point() else y
            # A scaler's factor, larger than float16 can hold: it is applied before rounding to 16 bits.
            value, gradient = gradient_of(mine[0], z, y, 2.0**17 if dtype == torch.float16 else 1.0)
            expected = gradient_of(mine[1], z.double(), y64, 2.0**17 if dtype == torch.float16 else 1.0)
            assert gradient.dtype == dtype and value.dtype == torch.float32
            assert abs(value - expected[0]) < 1e-5
            difference = (gradient.double() - expected[1]).abs()
            assert (difference <= digits * expected[1].abs() + 1e-5 * expected[1].abs().max()).all()
    model = torch.nn.Conv2d(1, 1, 3, padding=1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        z = model(torch.randn(2, 1, 24, 31))
        assert z.dtype == torch.bfloat16
        BINARY["balanced"][0](z, masks()[1]).backward()
    assert model.weight.grad.abs().sum() > 0


def is_part_of_a_graph():
    z, y = masks()
    loss = ours.Loss("0.5*bce + 0.5*dice")
    expected = gradient_of(loss, z, y)[1]
    # Leaves keep what the first pass gives them; later passes must not add to it twice.
    value = loss(z, y)
    for times in (1, 2, 3):
        value.backward(torch.tensor(2.0, dtype=z.dtype), retain_graph=True)
        assert torch.allclose(z.grad, 2 * times * expected, rtol=1e-14, atol=0)
    z.grad.zero_()
    value.backward()
    assert torch.equal(z.grad, expected)
    # What is on the way, and several losses of one tensor.
    z.grad = None
    (loss(2 * z, y) + loss(2 * z, y) ** 2).backward()
    value = loss(2 * z, y).detach()
    assert torch.allclose(z.grad, 2 * gradient_of(loss, 2 * z, y)[1] * (1 + 2 * value), rtol=1e-12)
    # One loss a sample, each with a factor of its own.
    z.grad = None
    each = ours.DiceLoss(reduction="none")(z, y)
    assert each.shape == (2,)
    (each * torch.tensor([3.0, -1.0])).sum().backward()
    of_samples = [gradient_of(ours.DiceLoss(), z[i:i + 1], y[i:i + 1])[1] for i in (0, 1)]
    assert torch.allclose(z.grad, torch.cat([3 * of_samples[0], -of_samples[1]]), rtol=1e-12, atol=0)
    with torch.no_grad():
        assert not loss(z, y).requires_grad
    assert not loss(z.detach(), y).requires_grad
    # Layouts other than packed, and masks of other types, are read in place.
    last = z.detach().repeat(1, 3, 1, 1).to(memory_format=torch.channels_last).requires_grad_()
    many = y.repeat(1, 3, 1, 1)
    first = gradient_of(loss, last.detach().contiguous(), many)
    assert torch.equal(gradient_of(loss, last, many)[1], first[1])
    for dtype in (torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16,
                  torch.bfloat16, torch.float64):
        assert torch.equal(gradient_of(loss, z, y.to(dtype))[1], expected), dtype


def takes_what_calls_bring():
    z, y = masks()
    mask = torch.rand(y.shape) < 0.7
    torn = torch.where(mask, z.detach(), torch.tensor(float("nan"), dtype=z.dtype))
    value, gradient = gradient_of(lambda z, y: ours.Loss("bce")(z, y, mask=mask), torn, y)
    assert torch.isfinite(gradient).all() and not gradient[~mask].any()
    weights = torch.rand(y.shape)
    expected = (torch.nn.functional.binary_cross_entropy_with_logits(
        z.detach(), y.double(), weight=weights.double()))
    assert abs(ours.Loss("bce")(z, y, weights=weights) - expected) < 1e-12
    for dtype in (torch.float16, torch.bfloat16):
        half = weights.to(dtype)
        assert ours.Loss("bce")(z, y, weights=half) == ours.Loss("bce")(z, y, weights=half.float())
    band = segloss.map_weights("band(theta=3, weight=5)", y)
    assert ours.Loss("boundary")(z, y, maps={"band": band}) == ours.BoundaryLoss()(z, y)
    y[:, :, 3] = 7
    assert ours.Loss("bce", ignore_index=7)(z, y) == ours.Loss("bce")(z, y % 7, mask=y != 7)
    modules = {
        ours.DiceLoss: "dice", ours.TverskyLoss: "tversky", ours.FocalTverskyLoss: "focal_tversky",
        ours.FocalLoss: "focal", ours.BoundaryLoss: "boundary", ours.DistanceMapLoss: "distance",
        ours.CombinedSegmentationLoss: "0.5*bce + 0.5*dice",
        ours.create_segmentation_loss: "0.5*bce + 0.5*dice"}
    for module, text in modules.items():
        expected = ours.Loss(text, "sigmoid")(z, y % 7, mask=y != 7)
        assert abs(module(ignore_index=7)(z, y) - expected) < 1e-15, module
    assert ours.binary_segmentation_loss(z, y, ignore_index=7) == ours.Loss("bce", ignore_index=7)(z, y)
    # PyTorch's own.
    zs, labelled = labels()
    as_torch = torch.where(labelled == 255, -100, labelled)
    for loss, own in ((ours.Loss("ce"), ours.Loss("ce", ignore_index=-100)),
                      (ours.MultiClassDiceLoss(4), ours.MultiClassDiceLoss(4, ignore_index=-100)),
                      (ours.MultiClassFocalLoss(), ours.MultiClassFocalLoss(ignore_index=-100))):
        assert loss(zs, labelled) == own(zs, as_torch)
    assert ours.pixel_wise_cross_entropy(zs, as_torch, -100) == (
        ours.pixel_wise_cross_entropy(zs, labelled))
    assert abs(ours.pixel_wise_cross_entropy(zs, as_torch, -100)
               - torch.nn.functional.cross_entropy(zs, as_torch)) < 1e-12
    dataset = [(None, torch.tensor([[0, 0, 1], [2, 255, 0]])), (None, torch.tensor([[1, 0]]))]
    weights = ours.compute_class_weights(dataset, 3)
    raw = 7 / (3 * torch.tensor([4.0, 2.0, 1.0]))
    assert weights.dtype == torch.float32 and torch.allclose(weights, 3 * raw / raw.sum())


def infers_the_link():
    z, y = labels()
    expected = ours.Loss("dice", "softmax")(z, y)
    for targets in (y, y.unsqueeze(1), y.to(torch.uint8), y.to(torch.int32)):
        assert ours.Loss("dice")(z, targets) == expected
    z, y = masks()
    assert ours.Loss("dice")(z, y) == ours.Loss("dice")(z, y[:, 0]) == ours.Loss("dice", "sigmoid")(z, y)
    many = z.repeat(1, 3, 1, 1)
    assert ours.Loss("bce")(many, y.repeat(1, 3, 1, 1)) > 0
    lines = ours.Loss("ce", spatial=1)
    assert abs(lines(many.flatten(2), y[:, 0].flatten(1).long())
               - torch.nn.functional.cross_entropy(many, y[:, 0].long())) < 1e-12
    for module in (ours.DiceLoss(spatial=1), ours.FocalLoss(spatial=1), ours.BoundaryLoss(spatial=1)):
        assert torch.isfinite(module(z.flatten(2), y.flatten(2)))


def pixels_have_losses():
    weights = [0.5, 1.0, 2.0, 0.25]
    z, y = labels()
    of_masks = masks()
    cases = (
        ("ce", z, y, lambda z, y: torch.nn.functional.cross_entropy(z, y, ignore_index=255, reduction="none")),
        ("2*ce(weights=[0.5, 1, 2, 0.25])", z, y, lambda z, y: 2 * torch.nn.functional.cross_entropy(
            z, y, ignore_index=255, reduction="none", weight=torch.tensor(weights, dtype=z.dtype))),
        ("0.5*bce(normalise=weights) + 1.5*bce(reduction=sum)", *of_masks,
         lambda z, y: 2 * torch.nn.functional.binary_cross_entropy_with_logits(z, y.double(), reduction="none")),
    )
    for text, z, y, theirs in cases:
        mine = ours.Loss(text, reduction="pixel")
        assert torch.autograd.gradcheck(mine, (z, y)), text
        upstream = torch.randn(y.shape, dtype=z.dtype)
        for loss, factor in ((mine, upstream), (lambda z, y: mine(z, y, weights=upstream**2), upstream)):
            extra = upstream**2 if loss is not mine else 1
            own, other = z.detach().requires_grad_(), z.detach().requires_grad_()
            value, expected = loss(own, y), theirs(other, y) * extra
            assert value.shape == y.shape and torch.allclose(value, expected, rtol=1e-12, atol=1e-14), text
            (value * factor).sum().backward()
            (expected * factor).sum().backward()
            assert torch.allclose(own.grad, other.grad, rtol=1e-11, atol=1e-13), text
    # Of modules and functions too.
    z, y = labels()
    usual = torch.nn.functional.cross_entropy(z, y, ignore_index=255, reduction="none")
    assert torch.allclose(ours.pixel_wise_cross_entropy(z, y, reduction="pixel"), usual)
    weighted = ours.weighted_cross_entropy(z, y, weights, reduction="pixel")
    assert torch.allclose(weighted, usual * torch.tensor(weights)[y % 255], rtol=1e-12)
    assert ours.MultiClassFocalLoss(reduction="pixel")(z, y).shape == y.shape
    z, y = of_masks
    for module in (ours.FocalLoss, ours.BoundaryLoss, ours.DistanceMapLoss):
        each = module(reduction="pixel")(z, y)
        assert each.shape == y.shape and abs(each.mean() - module()(z, y)) < 1e-14, module
        assert abs(module(reduction="none")(z, y).mean() - module()(z, y)) < 1e-14, module
    # The hardest pixels alone, of half precision too, and twice of a graph that is kept.
    for dtype in (torch.float32, torch.bfloat16):
        own = z.detach().to(dtype).requires_grad_()
        hardest = ours.Loss("bce", reduction="pixel")(own, y).flatten(1).topk(20).values.mean()
        hardest.backward(retain_graph=True)
        once = own.grad.clone()
        hardest.backward()
        assert once.dtype == dtype and (once != 0).sum() == 40 and torch.equal(own.grad, 2 * once)


def takes_no_samples():
    for make, modules in ((masks, BINARY), (labels, CLASSES)):
        for name, (mine, _) in modules.items():
            z, y = make()
            value, gradient = gradient_of(mine, z[:0], y[:0])
            assert value == 0 and gradient.shape == z[:0].shape, name
    z, y = masks()
    for module, shape in ((ours.DiceLoss(reduction="none"), (0,)),
                          (ours.Loss("bce", reduction="pixel"), (0, *y.shape[1:]))):
        own = z.detach()[:0].requires_grad_()
        value = module(own, y[:0])
        value.sum().backward()
        assert value.shape == shape and own.grad.shape == own.shape


class Samples(torch.utils.data.Dataset):
    """What a loader's workers, which are forked, compute with a module of their parent's."""

    def __init__(self, module):
        self.module = module

    def __len__(self):
        return 6

    def __getitem__(self, index):
        z, y = sample(index)
        value, gradient = gradient_of(self.module, z, y)
        return value, gradient


def sample(index):
    random = numpy.random.default_rng(index)
    z = torch.from_numpy(random.normal(size=(1, 1, 300, 300)))
    return z, torch.from_numpy(random.random(z.shape) < 0.3)


def in_another_process(module, index, queue):
    value, gradient = gradient_of(module, *sample(index))
    queue.put((float(value), gradient.numpy()))


def moves_between_processes():
    for make, losses in ((masks, BINARY), (labels, CLASSES)):
        z, y = make()
        for module in (mine for mine, _ in losses.values() if isinstance(mine, torch.nn.Module)):
            for again in (pickle.loads(pickle.dumps(module)), copy.deepcopy(module)):
                assert repr(again) == repr(module) and torch.equal(again(z, y), module(z, y))

    # With threads too, which a forked process does not have.
    for module in (ours.DiceLoss(), ours.Loss("preset:boundary", threads=2)):
        expected = [gradient_of(module, *sample(index)) for index in range(6)]
        loader = torch.utils.data.DataLoader(Samples(module), num_workers=2, timeout=60)
        for (value, gradient), (own, mine) in zip(loader, expected):
            assert torch.equal(value[0], own) and torch.equal(gradient[0], mine)
        for method in ("fork", "spawn"):
            context = multiprocessing.get_context(method)
            queue = context.Queue()
            process = context.Process(target=in_another_process, args=(module, 3, queue))
            process.start()
            value, gradient = queue.get(timeout=60)
            process.join()
            assert value == expected[3][0] and (gradient == expected[3][1].numpy()).all()


def refuses():
    z, y = masks()

    def refused(says, call, *arguments, **options):
        try:
            call(*arguments, **options)
        except (ValueError, RuntimeError, TypeError) as error:
            assert says in str(error), error
        else:
            raise AssertionError(f"not refused: {says}")

    refused("`smooth` is -1", ours.DiceLoss, -1)
    refused("`reduction` is 'total'", ours.DiceLoss, reduction="total")
    refused("`task_type` is 'easy'", ours.create_segmentation_loss, "easy")
    refused("-0.5", ours.CombinedSegmentationLoss, -0.5)
    refused("`logits` have 4 channels", ours.MultiClassDiceLoss(3), *labels())
    refused("`targets` has 1 channels, expected a mask for each of 4", ours.DiceLoss(), *labels())
    # Losses of masks have no link to say, so messages name losses of labels.
    for module, instead in (
            (ours.DiceLoss(ignore_index=255), '`MultiClassDiceLoss` or `Loss("dice")`'),
            (ours.TverskyLoss(), '`Loss("tversky")`'), (ours.FocalTverskyLoss(), '`Loss("focal_tversky")`'),
            (ours.FocalLoss(), '`MultiClassFocalLoss` or `Loss("focal")`'),
            (ours.BoundaryLoss(), '`Loss("boundary")`'), (ours.DistanceMapLoss(), '`Loss("distance")`'),
            (ours.CombinedSegmentationLoss(), '`Loss("0.5*ce + 0.5*dice")` and such sums'),
            (ours.binary_segmentation_loss, "`pixel_wise_cross_entropy`")):
        refused(f"because the link is sigmoid; labels of classes take {instead}", module, *labels())
        # What is named takes them.
        for name in re.findall(r"`(\w+)(?:\((.*?)\))?`", instead):
            named = {"MultiClassDiceLoss": lambda: ours.MultiClassDiceLoss(4),
                     "MultiClassFocalLoss": ours.MultiClassFocalLoss, "Loss": lambda: ours.Loss(name[1].strip('"')),
                     "pixel_wise_cross_entropy": lambda: ours.pixel_wise_cross_entropy}[name[0]]()
            assert named(*labels()) > 0, instead
    refused('labels of classes take link="softmax"', ours.Loss("dice", "sigmoid"), *labels())
    refused("say link=\"sigmoid\"", ours.Loss("dice"), z.repeat(1, 2, 1, 1), y.repeat(1, 2, 1, 1))
    refused("`targets` is a ndarray, expected a torch.Tensor", ours.DiceLoss(), z, y.numpy())
    refused("`reduction` is 'sum'", ours.Loss, "bce", reduction="sum")
    refused("`reduction` is 'sum'", ours.FocalLoss, reduction="sum")
    refused("`tversky` is a loss of whole regions", ours.TverskyLoss(reduction="pixel"), z, y)
    refused("`link` is given beside a segloss.Loss", ours.Loss, segloss.Loss("bce"), "sigmoid")
    refused("`threads` is given beside a segloss.Loss", ours.DistributedLoss, segloss.Loss("bce"), threads=2)
    refused("`dice` is a loss of whole regions", ours.Loss("dice", reduction="pixel"), z, y)
    refused("of one image give `logits[None]`", ours.Loss("ce"), labels()[0][0], labels()[1][0])
    refused("`moveaxis(logits, -1, 1)`", ours.Loss("ce"), labels()[0].movedim(1, -1), labels()[1])
    refused("of lines say spatial=1", ours.DiceLoss(), z.flatten(2), y.flatten(2))
    refused("no second derivatives", lambda: torch.autograd.grad(torch.autograd.grad(
        ours.Loss("bce", reduction="pixel")(z, y).sum(), z, create_graph=True)[0].sum(), z))
    refused("`targets` require a gradient", ours.DiceLoss(), z, y.clone().requires_grad_())
    refused("`targets`", ours.DiceLoss(), z, y[:1])
    refused("no second derivatives", lambda: torch.autograd.grad(
        torch.autograd.grad(ours.DiceLoss()(z, y), z, create_graph=True)[0].sum(), z))
    changed = z * 2
    value = ours.DiceLoss()(changed, y)
    with torch.no_grad():
        changed += 1
    refused("modified by an inplace operation", value.backward)
    term = segloss.PixelTerm("half", lambda z, y, p, q: (z / 2, 0 * z + 0.5))
    module = ours.Loss(segloss.Loss("half", plugins=[term]))
    assert abs(module(z, y) - z.mean() / 2) < 1e-15
    refused("plugins cannot be pickled", pickle.dumps, module)


if __name__ == "__main__":
    for test in (takes_the_usual_parameters, agrees_with_autograd, mixed_precision, is_part_of_a_graph,
                 takes_what_calls_bring, infers_the_link, pixels_have_losses, takes_no_samples,
                 moves_between_processes, refuses):
        test()
    print("all checks passed")
