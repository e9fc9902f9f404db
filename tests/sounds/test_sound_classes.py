"""What sounds like what."""


def test_every_label_has_a_class_and_a_caption():
    from see2sound_nb.sounds import sound_classes

    assert len(sound_classes.label_table()) == len(set(enumerate(sound_classes.label_captions()))) == 1000
    assert all(0 < score <= 1 for _, score in sound_classes.label_table())
    assert len(sound_classes.CLASSES) >= 40
