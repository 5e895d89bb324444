"""The activation function that tf-nan-lint began with, a masked mean and a hand-written cross-entropy."""

import tensorflow as tf


def s_lamda_activation(f, lam):
    positive = tf.nn.relu(f - lam)
    positive = positive * (f/positive)
    positive = tf.where(tf.math.is_nan(positive), tf.zeros_like(positive), positive)
    negative = tf.nn.relu((-f) - lam)
    negative = negative * (f/negative)
    negative = tf.where(tf.math.is_nan(negative), tf.zeros_like(negative), negative)
    return positive + negative


def masked_loss(logits, labels, mask):
    probs = tf.nn.softmax(logits)
    loss = -tf.reduce_sum(labels * tf.math.log(probs), axis=-1)
    return tf.reduce_sum(loss * mask) / tf.reduce_sum(mask)
